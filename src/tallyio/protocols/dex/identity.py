"""Whether a pool of two tokens is what its factory said: a registry may lie, and so may a pool's own events."""

from collections.abc import Sequence

from tallyio.core.pools import Pool
from tallyio.protocols.dex.family import Call, Refused

TOKEN0, TOKEN1 = bytes.fromhex("0dfe1681"), bytes.fromhex("d21220a7")


def names(pool: Pool) -> list[Call]:
    """What the pool's own contract is asked for."""
    return [(pool.contract, TOKEN0), (pool.contract, TOKEN1)]


def other_names(pool: Pool, answers: Sequence[bytes | None]) -> Refused | None:
    """Where ``answers`` (to ``names``, or words of one) are not the pool's tokens: why it is not used."""
    expected = [bytes.fromhex(token[2:]).rjust(32, b"\0") for token in pool.tokens]
    if list(answers) == expected:
        return None
    told = " and ".join("nothing" if not answer else "0x" + answer[-20:].hex() for answer in answers)
    return Refused(f"its contract trades {told}, its factory told {' and '.join(pool.tokens)}")
