"""Hard forks of Ethereum, and which one holds at a block.

Sources: the activation table of the execution specifications (ethereum/execution-specs); EIP-7892 for the blob
parameters. A fork that the machine cannot execute is known by name only, to be refused by that name.
"""

from enum import IntEnum

from tallyio.core.errors import ChainDataError

MAINNET = 1


class Fork(IntEnum):
    """Only what changes execution has a number of its own: the difficulty bombs share their predecessor's."""

    ISTANBUL = 1
    BERLIN = 2
    LONDON = 3
    PARIS = 4
    SHANGHAI = 5
    CANCUN = 6
    PRAGUE = 7
    OSAKA = 8
    BPO1 = 9
    BPO2 = 10


NEWEST = max(Fork)
_TOO_OLD = (
    (0, "frontier"),
    (1_150_000, "homestead"),
    (1_920_000, "dao fork"),
    (2_463_000, "tangerine whistle"),
    (2_675_000, "spurious dragon"),
    (4_370_000, "byzantium"),
    (7_280_000, "petersburg"),
)
_BY_NUMBER = (
    (9_069_000, Fork.ISTANBUL),
    (12_244_000, Fork.BERLIN),
    (12_965_000, Fork.LONDON),
    (15_537_394, Fork.PARIS),
)
_BY_TIME = (
    (1_681_338_455, Fork.SHANGHAI),
    (1_710_338_135, Fork.CANCUN),
    (1_746_612_311, Fork.PRAGUE),
    (1_764_798_551, Fork.OSAKA),
    (1_765_290_071, Fork.BPO1),
    (1_767_747_671, Fork.BPO2),
)
_ALIASES = {"muirglacier": Fork.ISTANBUL, "arrowglacier": Fork.LONDON, "grayglacier": Fork.LONDON, "merge": Fork.PARIS}
_BLOB_FRACTIONS = {Fork.CANCUN: 3_338_477, Fork.PRAGUE: 5_007_716, Fork.OSAKA: 5_007_716, Fork.BPO1: 8_346_193}
_LAST_FRACTION = 11_684_671


class UnknownForkError(ChainDataError):
    """The block follows rules that this machine does not have."""


def named(name: str) -> Fork:
    """The fork of that name, in any spelling of case, blanks and underscores."""
    plain = name.replace("_", "").replace(" ", "").replace("-", "").lower()
    known = {fork.name.lower(): fork for fork in Fork} | _ALIASES
    if plain not in known:
        raise _refused(name)
    return known[plain]


def fork_at(chain_id: int, number: int, timestamp: int) -> Fork:
    """The rules of a block of ``chain_id``. Raises ``UnknownForkError`` before Istanbul and on chains other than 1."""
    if chain_id != MAINNET:
        raise UnknownForkError(
            f"block {number} is of chain {chain_id}: found no name of its rules, expected one, since only those of "
            f"chain {MAINNET} follow from a block's number",
            todo="Fetch it with --rules, naming the fork",
        )
    for start, fork in reversed(_BY_TIME):
        if timestamp >= start:
            return fork
    for start, fork in reversed(_BY_NUMBER):
        if number >= start:
            return fork
    raise _refused(next(name for start, name in reversed(_TOO_OLD) if number >= start), f"block {number}: ")


def blob_base_fee(fork: Fork, excess_blob_gas: int) -> int:
    """Wei per unit of blob gas (EIP-4844, EIP-7691, EIP-7892)."""
    fraction = _BLOB_FRACTIONS.get(fork, _LAST_FRACTION)
    total, term, i = 0, fraction, 1
    while term > 0:
        total += term
        term = term * excess_blob_gas // (fraction * i)
        i += 1
    return total // fraction


def _refused(name: str, where: str = "") -> UnknownForkError:
    known = f"{min(Fork).name.lower()} to {NEWEST.name.lower()}"
    return UnknownForkError(f"{where}found the rules of {name!r}, expected a fork that this EVM knows ({known})")
