"""Why bytes were refused, and what was understood of a call. 0 is the only word for "all of it"."""

from enum import IntEnum


class Code(IntEnum):
    """The envelope's codes lie below 32, the calldata's from 32 on."""

    OK = 0
    EMPTY = 1
    """No bytes."""
    ENDS_EARLY = 2
    """An item's length runs past the bytes that hold it, or a field is missing."""
    TRAILING_BYTES = 3
    """Bytes after the end of the transaction."""
    NON_CANONICAL_SIZE = 4
    """A length written longer than it needs, or a single byte below 0x80 written as a string."""
    LEADING_ZERO = 5
    """An integer with a zero byte in front; zero itself is the empty string."""
    EXPECTED_STRING = 6
    EXPECTED_LIST = 7
    TOO_WIDE = 8
    """A number beyond what its field holds: 64 bits, 256 for values and signatures."""
    UNKNOWN_TYPE = 9
    BAD_TARGET = 10
    """A target of neither 0 nor 20 bytes."""
    NO_TARGET = 11
    """A blob or set-code transaction that would create a contract."""
    BAD_ACCESS_LIST = 12
    BAD_AUTHORIZATION = 13
    """An authorization list that is empty, or an entry of another shape."""
    BAD_BLOBS = 14
    """No blob hashes, hashes of another length, or a sidecar that does not match them."""
    BAD_SIGNATURE = 15
    """r or s outside the curve's order, s in its upper half (EIP-2), or an impossible v or parity."""
    TIP_ABOVE_CAP = 16
    EXTRA_FIELDS = 17
    OUTSIDE_BUFFER = 18
    """A range given by the caller that does not lie in the buffer."""

    NO_CALL = 32
    """A creation, or fewer than four bytes of calldata."""
    UNKNOWN_SELECTOR = 33
    NOT_A_ROUTER = 34
    """The target is not among the routers given."""
    ARGUMENTS_SHORT = 35
    """A head or tail of the arguments runs past the calldata."""
    BAD_OFFSET = 36
    """A tail's offset that points into the head or outside the calldata."""
    DIRTY_PADDING = 37
    """Bits set where the ABI wants zeros."""
    BAD_PATH = 38
    """A path of fewer than two tokens, or of a length that no path has."""
    LENGTHS_DIFFER = 39
    """A plan whose commands and inputs differ in number."""
    PARTLY_UNKNOWN = 40
    """Understood but for some inner calls or commands; they are counted in the record."""
    LEFT_OUT = 41
    """More parts than the caps allow; the rest is counted in the record."""

    NO_POOL = 64
    """A token or a pool on the way is not in the tables."""
    WOULD_REVERT = 65
    """The pool or the limit would not let the swap through in this state."""
    NOT_TOLD = 66
    """The amount is what a router will hold, a token takes a fee on transfer, or a path passes a pair twice."""
    NO_ROOM = 67
    OTHER_FAMILY = 68
    """The intent or a pool on its way is not of the family whose effect was asked for."""
    STALE_TICKS = 69
    """A pool's ticks, as mirrored, do not add up to its liquidity: a position changed unseen."""


CALL_CODES = 32
"""The first of the calldata's codes."""

EFFECT_CODES = 64
"""From here on: why a swap's effect on the pools is not told (``effect``)."""
