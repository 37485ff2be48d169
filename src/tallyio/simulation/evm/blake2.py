"""The compression function F of BLAKE2b (RFC 7693, section 3.2) with a chosen number of rounds (EIP-152)."""

import struct

_MASK = 2**64 - 1
_IV = (
    0x6A09E667F3BCC908,
    0xBB67AE8584CAA73B,
    0x3C6EF372FE94F82B,
    0xA54FF53A5F1D36F1,
    0x510E527FADE682D1,
    0x9B05688C2B3E6C1F,
    0x1F83D9ABFB41BD6B,
    0x5BE0CD19137E2179,
)
_SIGMA = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
    (14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3),
    (11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4),
    (7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8),
    (9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13),
    (2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9),
    (12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11),
    (13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10),
    (6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5),
    (10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0),
)
_COLUMNS = ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15))
_DIAGONALS = ((0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14))
_MIXES = (*_COLUMNS, *_DIAGONALS)


def compress(data: bytes) -> bytes:
    """``data``: rounds (4 bytes), h (64), m (128), t (16), final flag (1); the new h, 64 bytes."""
    rounds = int.from_bytes(data[:4])
    state = struct.unpack("<8Q", data[4:68])
    message = struct.unpack("<16Q", data[68:196])
    low, high = struct.unpack("<2Q", data[196:212])
    v = [*state, *_IV]
    v[12] ^= low
    v[13] ^= high
    if data[212]:
        v[14] ^= _MASK
    for number in range(rounds):
        order = _SIGMA[number % 10]
        for at, (a, b, c, d) in enumerate(_MIXES):
            _mix(v, a, b, c, d, message[order[2 * at]], message[order[2 * at + 1]])
    return struct.pack("<8Q", *(state[i] ^ v[i] ^ v[i + 8] for i in range(8)))


def _mix(v: list[int], a: int, b: int, c: int, d: int, x: int, y: int) -> None:
    for word, turn, back in ((x, 32, 24), (y, 16, 63)):
        v[a] = v[a] + v[b] + word & _MASK
        v[d] = _turn(v[d] ^ v[a], turn)
        v[c] = v[c] + v[d] & _MASK
        v[b] = _turn(v[b] ^ v[c], back)


def _turn(word: int, bits: int) -> int:
    return (word >> bits | word << (64 - bits)) & _MASK
