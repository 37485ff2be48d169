"""Writing RLP (Ethereum yellow paper, appendix B) in one pass: parts are appended, lists are closed by their prefix."""

_STRING, _LIST = 0x80, 0xC0
_SHORT = 56  # longer payloads write their length out
_BYTES = tuple(bytes((i,)) for i in range(256))
_SMALL = tuple(b"\x80" if i == 0 else _BYTES[i] for i in range(128))
_SHORT_STRINGS = tuple(_BYTES[_STRING + i] for i in range(_SHORT))


def number(value: int) -> bytes:
    """A non-negative integer: big-endian without leading zeros."""
    if value < 128:
        return _SMALL[value]
    length = (value.bit_length() + 7) // 8
    return _SHORT_STRINGS[length] + value.to_bytes(length, "big")


def text(value: bytes) -> bytes:
    """A string of bytes."""
    length = len(value)
    if length == 1 and value[0] < _STRING:
        return value
    if length < _SHORT:
        return _SHORT_STRINGS[length] + value
    return _long(_STRING, length) + value


def list_prefix(length: int) -> bytes:
    """What stands before a list whose items take ``length`` bytes."""
    return _BYTES[_LIST + length] if length < _SHORT else _long(_LIST, length)


def _long(kind: int, length: int) -> bytes:
    width = (length.bit_length() + 7) // 8
    return _BYTES[kind + _SHORT - 1 + width] + length.to_bytes(width, "big")
