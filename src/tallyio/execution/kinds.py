"""How the executor contract calls a pool: one kind for all families that are called in the same way.

``SwapStep.detail`` is what a kind needs beyond pool, tokens and amounts:

- v2 and v3 (their forks, Solidly, PancakeSwap v3, Algebra, Slipstream): nothing.
- Uniswap v4: manager, fee, tick spacing, hooks. ``pool`` is the pool's id; the zero address is ether.
- Balancer v2: vault, the pool's id.
- Balancer v3: vault. Of a buffer: vault, the wrapped token.
- Curve: variant (the sum of ``UNSIGNED``, ``UNDERLYING`` and ``RECEIVED``), index of the input, index of the output.
- Liquidity Book: 1 when the input is the pair's token X, else 0.
- Wrapped ether, ERC-4626, wstETH: nothing; ``pool`` is the wrapper, the zero address is ether.
"""

from typing import Final

from tallyio.chains.keccak import keccak256
from tallyio.core import pools
from tallyio.core.errors import BugError
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
    pools.V2: V2,
    pools.AERODROME: V2,
    pools.VELODROME: V2,
    pools.CAMELOT: V2,
    pools.V3: V3,
    pools.PANCAKE_V3: V3,
    "algebra": V3,
    "slipstream": V3,
    pools.V4: V4,
    pools.BALANCER_V2: BALANCER_V2,
    pools.BALANCER_V3: BALANCER_V3,
    "curve": CURVE,
    pools.LIQUIDITY_BOOK: LIQUIDITY_BOOK,
    pools.WRAPPED_NATIVE: CONVERT,
    pools.ERC4626: CONVERT,
    pools.WRAPPED_STAKED: CONVERT,
}
_FAMILIES: Final = {kind: family for family, kind in reversed(_KINDS.items())}
_WRAPPERS: Final = (pools.WRAPPED_NATIVE, pools.ERC4626, pools.WRAPPED_STAKED)
_DETAILS: Final = {V2: 0, V3: 0, V4: 4, BALANCER_V2: 2, BALANCER_V3: 1, CURVE: 3, LIQUIDITY_BOOK: 1, CONVERT: 0}
"""How many numbers ``SwapStep.detail`` has; a Balancer buffer's has one more."""
FLASH_KINDS: Final = frozenset({V2, V3, V4, BALANCER_V3})
"""Kinds whose swaps give their output before they take their input."""


def kind_of(family: str) -> int | None:
    """The kind of a pool family; ``curve_stableswap_ng`` and the like are called as ``curve`` is. None for one not
    known here."""
    name = family
    while name not in _KINDS:
        name, parted, _ = name.rpartition("_")
        if not parted:
            return None
    return _KINDS[name]


def pack_detail(kind: int, step: SwapStep) -> tuple[str, bytes]:
    """The contract that is called, and the detail's bytes. Raises ``BugError`` for a detail that is not the kind's."""
    detail = step.detail
    expected = _DETAILS[kind] + (step.family == pools.BALANCER_BUFFER)
    if len(detail) != expected:
        raise BugError(f"detail of a {step.family} swap has {len(detail)} numbers, expected {expected}")
    try:
        if kind == V4:
            manager, fee, spacing, hooks = detail
            _check_pool(step, v4_pool_id(step.token_in, step.token_out, fee, spacing, hooks))
            return _hex(manager), fee.to_bytes(3) + spacing.to_bytes(3, signed=True) + hooks.to_bytes(20)
        if kind == BALANCER_V2:
            vault, pool_id = detail
            packed = pool_id.to_bytes(32)
            _check_pool(step, _hex_of(packed[:20]))
            return _hex(vault), packed
        if kind == BALANCER_V3 and step.family == pools.BALANCER_BUFFER:
            vault, wrapped = detail
            _check_pool(step, buffer_key(vault, wrapped))
            if wrapped not in (int(step.token_in, 16), int(step.token_out, 16)):
                raise BugError(f"buffer {step.pool} does not trade its wrapped token {_hex(wrapped)}")
            return _hex(vault), wrapped.to_bytes(20)
        if kind == BALANCER_V3:
            if step.pool in (step.token_in, step.token_out):
                raise BugError(f"pool {step.pool} is one of its own tokens, which says that it is a buffer")
            return _hex(detail[0]), bytes.fromhex(step.pool[2:])
        if kind == CONVERT:
            return step.pool, bytes((_way(step),))
        return step.pool, bytes(detail)
    except (OverflowError, ValueError) as e:
        raise BugError(f"detail of a {step.family} swap is {detail}: {e}") from e


def unpack_detail(
    kind: int, contract: Address, packed: bytes, token_in: Address, token_out: Address
) -> tuple[str, Address, tuple[int, ...]]:
    """``SwapStep.family``, ``pool`` and ``detail``. A family stands for all that are called in the same way."""
    family, called = _FAMILIES[kind], int(contract, 16)
    if kind == V4:
        fee, hooks = int.from_bytes(packed[:3]), int.from_bytes(packed[6:])
        spacing = int.from_bytes(packed[3:6], signed=True)
        return family, v4_pool_id(token_in, token_out, fee, spacing, hooks), (called, fee, spacing, hooks)
    if kind == BALANCER_V2:
        return family, _hex_of(packed[:20]), (called, int.from_bytes(packed))
    if kind == BALANCER_V3:
        pool = _hex_of(packed)
        if pool in (token_in, token_out):
            wrapped = int(pool, 16)
            return pools.BALANCER_BUFFER, buffer_key(called, wrapped), (called, wrapped)
        return family, pool, (called,)
    if kind == CONVERT:
        return _WRAPPERS[min(packed[0] // 2, len(_WRAPPERS) - 1)], contract, ()
    return family, contract, tuple(packed)


def v4_pool_id(token_a: Address, token_b: Address, fee: int, tick_spacing: int, hooks: int) -> Address:
    """The id of a Uniswap v4 pool: the hash of its key (v4-core, PoolId)."""
    low, high = sorted((int(token_a, 16), int(token_b, 16)))
    words = (low, high, fee, tick_spacing % (1 << 256), hooks)
    return Address("0x" + keccak256(b"".join(word.to_bytes(32) for word in words)).hex())


def buffer_key(vault: int, wrapped: int) -> Address:
    """A buffer's key among pools: twelve bytes of the vault, and the wrapped token."""
    return _hex_of(vault.to_bytes(20)[:12] + wrapped.to_bytes(20))


def _way(step: SwapStep) -> int:
    """Into the wrapper, or out of it (one more)."""
    if step.pool not in (step.token_in, step.token_out):
        raise BugError(f"wrapper {step.pool} trades {step.token_in} for {step.token_out}, expected itself among them")
    return 2 * _WRAPPERS.index(step.family) + (step.pool == step.token_in)


def _check_pool(step: SwapStep, expected: Address) -> None:
    if step.pool != expected:
        raise BugError(f"pool of the {step.family} swap is {step.pool}, expected {expected}, as its detail says")


def _hex(value: int) -> str:
    return f"0x{value.to_bytes(20).hex()}"


def _hex_of(raw: bytes) -> Address:
    return Address("0x" + raw.hex())
