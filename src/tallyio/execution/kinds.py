"""How the executor contract calls a pool: one kind for all families that are called in the same way.

``SwapStep.detail`` is what a kind needs beyond pool, tokens and amounts:

- v2 and v3 (their forks, Solidly, PancakeSwap v3, Algebra, Slipstream): nothing.
- Uniswap v4: manager, fee, tick spacing, hooks. ``pool`` is the pool's id; the zero address is ether.
- Balancer v2: vault. ``pool`` is the pool's id.
- Balancer v3: vault. ``pool`` is the pool, or the wrapped token of one of the vault's ERC-4626 buffers.
- Curve: variant (the sum of ``UNSIGNED``, ``UNDERLYING`` and ``RECEIVED``), index of the input, index of the output.
- Liquidity Book: 1 when the input is the pair's token X, else 0.
- Conversions: ``WRAP_ETHER`` to ``UNWRAP``. ``pool`` is the wrapped ether, the vault or wstETH.
"""

from typing import Final

from tallyio.chains.keccak import keccak256
from tallyio.core.errors import BugError
from tallyio.core.pools import V2 as UNISWAP_V2
from tallyio.core.pools import V3 as UNISWAP_V3
from tallyio.core.trade import SwapStep
from tallyio.core.units import Address

V2: Final = 1
V3: Final = 2
V4: Final = 3
BALANCER_V2: Final = 4
BALANCER_V3: Final = 5
CURVE: Final = 6
LIQUIDITY_BOOK: Final = 7
CONVERT: Final = 8
LOAN: Final = 9
LIQUIDATE: Final = 10

DETAIL_SIZES: Final = {
    V2: 0, V3: 0, V4: 26, BALANCER_V2: 32, BALANCER_V3: 20, CURVE: 3, LIQUIDITY_BOOK: 1, CONVERT: 1, LOAN: 2,
    LIQUIDATE: 20,
}  # fmt: skip
"""Bytes of a step's detail as it is packed."""

UNSIGNED, UNDERLYING, RECEIVED = 1, 2, 4
"""Curve: the indices are uint256; between the underlying coins; the pool trades what it was sent beforehand."""
WRAP_ETHER, UNWRAP_ETHER, DEPOSIT, REDEEM, WRAP, UNWRAP = range(6)
"""Wrapped ether's deposit and withdrawal, an ERC-4626 vault's deposit and redemption, wstETH's wrap and unwrap."""

_KINDS: Final = {
    UNISWAP_V2: V2,
    "solidly": V2,
    UNISWAP_V3: V3,
    "pancake_v3": V3,
    "algebra": V3,
    "slipstream": V3,
    "uniswap_v4": V4,
    "balancer_v2": BALANCER_V2,
    "balancer_v3": BALANCER_V3,
    "curve": CURVE,
    "liquidity_book": LIQUIDITY_BOOK,
    "convert": CONVERT,
}
FAMILY_OF: Final = {kind: family for family, kind in reversed(_KINDS.items())}
"""The family that a packed swap of a kind is read back as."""
FLASH_KINDS: Final = frozenset({V2, V3, V4, BALANCER_V3})
"""Kinds whose swaps give their output before they take their input."""


def kind_of(family: str) -> int | None:
    """The kind of a pool family; ``curve_ng`` and the like are called as ``curve`` is. None for one not known here."""
    name = family
    while name not in _KINDS:
        name, parted, _ = name.rpartition("_")
        if not parted:
            return None
    return _KINDS[name]


def pack_detail(kind: int, step: SwapStep) -> tuple[str, bytes]:
    """The contract that is called, and the detail's bytes. Raises ``BugError`` for a detail that is not the kind's."""
    detail = step.detail
    expected = {V2: 0, V3: 0, V4: 4, BALANCER_V2: 1, BALANCER_V3: 1, CURVE: 3, LIQUIDITY_BOOK: 1, CONVERT: 1}[kind]
    if len(detail) != expected:
        raise BugError(f"detail of a {step.family} swap has {len(detail)} numbers, expected {expected}")
    try:
        match kind:
            case 3:
                manager, fee, spacing, hooks = detail
                found = v4_pool_id(step.token_in, step.token_out, fee, spacing, hooks)
                if found != step.pool:
                    raise BugError(f"v4 pool is {step.pool}, expected {found}, the id of its tokens and detail")
                return _hex(manager), _v4_key(fee, spacing, hooks)
            case 4:
                return _hex(detail[0]), bytes.fromhex(step.pool[2:])
            case 5:
                return _hex(detail[0]), bytes.fromhex(step.pool[2:])
            case _:
                return step.pool, bytes(detail)
    except (OverflowError, ValueError) as e:
        raise BugError(f"detail of a {step.family} swap is {detail}: {e}") from e


def unpack_detail(
    kind: int, contract: Address, packed: bytes, token_in: Address, token_out: Address
) -> tuple[Address, tuple[int, ...]]:
    """``SwapStep.pool`` and ``SwapStep.detail``."""
    called = int(contract, 16)
    match kind:
        case 3:
            fee, hooks = int.from_bytes(packed[:3]), int.from_bytes(packed[6:])
            spacing = int.from_bytes(packed[3:6], signed=True)
            return v4_pool_id(token_in, token_out, fee, spacing, hooks), (called, fee, spacing, hooks)
        case 4 | 5:
            return Address("0x" + packed.hex()), (called,)
        case _:
            return contract, tuple(packed)


def v4_pool_id(token_a: Address, token_b: Address, fee: int, tick_spacing: int, hooks: int) -> Address:
    """The id of a Uniswap v4 pool: the hash of its key (v4-core, PoolId)."""
    low, high = sorted((int(token_a, 16), int(token_b, 16)))
    words = (low, high, fee, tick_spacing % (1 << 256), hooks)
    return Address("0x" + keccak256(b"".join(word.to_bytes(32) for word in words)).hex())


def _v4_key(fee: int, spacing: int, hooks: int) -> bytes:
    return fee.to_bytes(3) + spacing.to_bytes(3, signed=True) + hooks.to_bytes(20)


def _hex(value: int) -> str:
    return f"0x{value.to_bytes(20).hex()}"
