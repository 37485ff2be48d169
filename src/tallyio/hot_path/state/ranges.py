"""Ranges of one growing row of places, by the buddy system: sizes are powers of two, neighbours that are both free
become one again, so that what is given back serves any later size (K. C. Knowlton, 1965).
"""

from tallyio.core.errors import OperatorError

LEAST = 16


class Ranges:
    """Takes and gives back ranges below ``most``; places below ``used`` at the start belong to somebody else."""

    def __init__(self, most: int, used: int = 0) -> None:
        self.used, self._most = used, most
        self._free: dict[int, set[int]] = {}

    def take(self, places: int) -> tuple[int, int]:
        """Begin and size of a range of at least ``places``. Raises ``OperatorError`` where there is no room."""
        wanted = max(LEAST, 1 << (places - 1).bit_length())
        fitting = [size for size, begins in self._free.items() if begins and size >= wanted]
        if fitting:
            size = min(fitting)
            begin = min(self._free[size])
            self._free[size].remove(begin)
        else:
            begin, size = self._extend(wanted)
        while size > wanted:
            size //= 2
            self._free.setdefault(size, set()).add(begin + size)
        return begin, size

    def give(self, begin: int, size: int) -> None:
        """What ``take`` gave is free again."""
        while (begin ^ size) in self._free.get(size, ()):
            self._free[size].remove(begin ^ size)
            begin, size = min(begin, begin ^ size), 2 * size
        self._free.setdefault(size, set()).add(begin)

    def _extend(self, size: int) -> tuple[int, int]:
        begin = -(-self.used // size) * size
        if begin + size > self._most:
            raise OperatorError(
                f"the stops need room for {begin + size}, the table holds {self._most}",
                todo="follow fewer v3 pools or give the table more room",
            )
        gap, self.used = self.used, begin + size
        while gap < begin:
            part = gap & -gap if gap else begin
            if part >= LEAST:
                self.give(gap, part)
            gap += part
        return begin, size
