"""The numbers of Keccak-f[1600] with rate 1088 (the Keccak reference, version 3.0; FIPS 202, section 3.2)."""

ROUNDS = 24
STATE_WORDS = 25
RATE_BYTES = 136
RATE_WORDS = RATE_BYTES // 8
DIGEST_BYTES = 32
DIGEST_WORDS = DIGEST_BYTES // 8


def _round_constants() -> tuple[int, ...]:
    """Bits of a linear feedback shift register over x^8 + x^6 + x^5 + x^4 + 1, placed at 2^j - 1."""
    register, found = 1, []
    for _ in range(ROUNDS):
        constant = 0
        for j in range(7):
            constant |= (register & 1) << ((1 << j) - 1)
            register = (register << 1) ^ (0x171 if register & 0x80 else 0)
        found.append(constant)
    return tuple(found)


def _rotations() -> tuple[int, ...]:
    """By word ``x + 5 y``: triangular numbers along the walk of pi from (1, 0)."""
    found = [0] * STATE_WORDS
    x, y = 1, 0
    for t in range(1, STATE_WORDS):
        found[x + 5 * y] = t * (t + 1) // 2 % 64
        x, y = y, (2 * x + 3 * y) % 5
    return tuple(found)


ROUND_CONSTANTS = _round_constants()
ROTATIONS = _rotations()
"""How far theta's result at word ``x + 5 y`` is rotated to the left."""
MOVES = tuple(y + 5 * ((2 * x + 3 * y) % 5) for y in range(5) for x in range(5))
"""Where pi puts word ``x + 5 y``."""
