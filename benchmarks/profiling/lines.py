"""Which source line an instruction belongs to: the line tables of compiled code (ELF object, DWARF 4 section 6.2)."""

import struct
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

SHT_SYMTAB, SHT_RELA = 2, 4
WORD = struct.Struct("<Q")


class Span(NamedTuple):
    """Code from ``start`` up to ``end``, offsets in the code's section, made from ``line`` of ``file``."""

    start: int
    end: int
    file: str
    line: int


class Section(NamedTuple):
    name: str
    kind: int
    offset: int
    size: int
    link: int
    info: int


class ObjectFile:
    """A relocatable little-endian 64-bit ELF object with all of its code in one section."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        if content[:6] != b"\x7fELF\x02\x01":
            raise ValueError("not a little-endian 64-bit ELF object")
        start = WORD.unpack_from(content, 40)[0]
        size, count, names = struct.unpack_from("<HHH", content, 58)
        heads = [struct.unpack_from("<IIQQQQII", content, start + size * i) for i in range(count)]
        table = heads[names][4]
        self.sections = [Section(_text(content, table + h[0]), h[1], h[4], h[5], h[6], h[7]) for h in heads]

    def bytes_of(self, section: Section) -> bytes:
        return self._content[section.offset : section.offset + section.size]

    def symbols(self) -> Iterator[tuple[str, int, int]]:
        """Name, value and size of each."""
        for section in self.sections:
            if section.kind == SHT_SYMTAB:
                names = self.sections[section.link].offset
                for at in range(section.offset, section.offset + section.size, 24):
                    name, _, _, _, value, size = struct.unpack_from("<IBBHQQ", self._content, at)
                    yield _text(self._content, names + name), value, size

    def relocated(self, name: str) -> bytes:
        """The section with its eight-byte addresses filled in, as offsets in the section that they point to."""
        number = next((i for i, s in enumerate(self.sections) if s.name == name), None)
        if number is None:
            return b""
        content = bytearray(self.bytes_of(self.sections[number]))
        values = [value for _, value, _ in self.symbols()]
        for section in self.sections:
            if section.kind == SHT_RELA and section.info == number:
                for at in range(section.offset, section.offset + section.size, 24):
                    place, about, addend = struct.unpack_from("<QQq", self._content, at)
                    if place + 8 <= len(content):
                        WORD.pack_into(content, place, values[about >> 32] + addend)
        return bytes(content)


def spans(compiled: ObjectFile) -> list[Span]:
    """Of all units, in the order of their start. Tables of another version than DWARF 2 to 4 are left out."""
    table = compiled.relocated(".debug_line")
    found: list[Span] = []
    at = 0
    while at + 10 <= len(table):
        length, version = struct.unpack_from("<IH", table, at)
        end = at + 4 + length
        if 2 <= version <= 4:
            found += _Program(table, at, end, version).run()
        at = end
    return sorted(found)


class _Program:
    """One unit's line number program."""

    def __init__(self, table: bytes, at: int, end: int, version: int) -> None:
        self._table, self._at, self._end = table, at + 6, end
        header = self._u(4)
        body = self._at + header
        self._step = self._u(1)
        if version == 4:
            self._u(1)
        self._u(1)
        self._base = struct.unpack("b", bytes([self._u(1)]))[0]
        self._range, opcode_base = self._u(1), self._u(1)
        self._arguments = [0, *(self._u(1) for _ in range(opcode_base - 1))]
        while self._string():
            pass
        self._files = [""]
        while name := self._string():
            self._files.append(name)
            for _ in range(3):
                self._leb()
        self._at = body

    def run(self) -> list[Span]:
        rows: list[tuple[int, int, int] | None] = []
        address, file, line = 0, 1, 1
        while self._at < self._end:
            code = self._u(1)
            if code >= len(self._arguments):
                adjusted = code - len(self._arguments)
                address += adjusted // self._range * self._step
                line += self._base + adjusted % self._range
                rows.append((address, file, line))
            elif code == 0:
                size = self._leb()
                after = self._at + size
                what = self._u(1)
                if what == 1:
                    rows += [(address, file, line), None]
                    address, file, line = 0, 1, 1
                elif what == 2:
                    address = self._u(8)
                self._at = after
            elif code == 1:
                rows.append((address, file, line))
            elif code == 2:
                address += self._leb() * self._step
            elif code == 3:
                line += self._leb(signed=True)
            elif code == 4:
                file = self._leb()
            elif code == 8:
                address += (255 - len(self._arguments)) // self._range * self._step
            elif code == 9:
                address += self._u(2)
            else:
                for _ in range(self._arguments[code]):
                    self._leb()
        return [Span(a[0], b[0], self._files[a[1]], a[2]) for a, b in pairwise(rows) if a and b and b[0] > a[0]]

    def _u(self, size: int) -> int:
        self._at += size
        return int.from_bytes(self._table[self._at - size : self._at], "little")

    def _leb(self, *, signed: bool = False) -> int:
        value = shift = 0
        while True:
            byte = self._u(1)
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value - (1 << shift) if signed and byte & 0x40 else value

    def _string(self) -> str:
        text = _text(self._table, self._at)
        self._at += len(text.encode()) + 1
        return text


def _text(content: bytes, at: int) -> str:
    return content[at : content.index(0, at)].decode()
