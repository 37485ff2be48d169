"""A contract that nobody deploys: nodes put its code at ``LENS`` for the length of one ``eth_call`` (state override).

It answers with all initialised ticks of a pool at once, where asking word by word takes thousands of calls. A node
without state overrides leaves the address empty: its answer has no bytes. Source: ``contracts/src/lens/TickLens.sol``.
"""

from tallyio.core.units import Address

LENS = Address("0x00000000000000000000000000000071c4a5e75e")
CODE = bytes.fromhex(
    "60806040526004361015610011575f80fd5b5f3560e01c63beb378f914610024575f80fd5b346101825760c07fffffffffff"
    "fffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126101825760043573ffffffffffffffffffffffff"
    "ffffffffffffffff811681036101825761007b6101a0565b6100836101cf565b6101209160a43591606435916084355b8481"
    "13156100ed577fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff008660607fffffffffffffff"
    "fffffffffffffffffffffffffffffffffffffffffffffffee08201046101005201610100f35b816080528060845260206080"
    "6024818a5afa156101825760203d1061018257608051805f915b610121575050600101610093565b909661ffff8216156101"
    "8f5760018216156101865785888460081b01028560805280608452604060806024818d5afa156101825760403d1061018257"
    "8152608051602082015260a0516040820152606001966001905b019060011c80610113565b5f80fd5b96600190610177565b"
    "96600f6001910191600f1c91610177565b602435907fffffffff000000000000000000000000000000000000000000000000"
    "000000008216820361018257565b604435907fffffffff000000000000000000000000000000000000000000000000000000"
    "00821682036101825756"
)
"""solc 0.8.30, cancun, by its intermediate language, 1,000,000 runs, no metadata."""
TICKS = bytes.fromhex("beb378f9")
"""``ticks(address pool, bytes4 bitmap, bytes4 tick, int256 spacing, int256 first, int256 last)``"""
GAS_PER_WORD, GAS_BESIDE = 3_600, 300_000
"""About: of a word of the bitmap, and of all else with some tens of ticks."""


def question(pool: Address, bitmap: bytes, tick: bytes, spacing: int, first: int, last: int) -> bytes:
    """Calldata for the words ``first`` to ``last``; ``bitmap`` and ``tick`` are the pool's selectors."""
    words = (spacing, first, last)
    names = bytes.fromhex(pool[2:]).rjust(32, b"\0") + bitmap.ljust(32, b"\0") + tick.ljust(32, b"\0")
    return TICKS + names + b"".join((word % (1 << 256)).to_bytes(32) for word in words)


def gas_of(to: Address, data: bytes) -> int:
    """Of one view call, about, so that calls are put together within a node's limit."""
    if to != LENS:
        return 30_000 + 70 * len(data)
    first, last = (int.from_bytes(data[at : at + 32], signed=True) for at in (4 + 128, 4 + 160))
    return GAS_BESIDE + GAS_PER_WORD * (last - first + 1)
