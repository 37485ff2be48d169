"""One Solidly pool: quotes and swaps with the fee that leaves it (Aerodrome, Velodrome) or that stays (Camelot)."""

import msgspec

from tallyio.core.pools import PoolState
from tallyio.core.units import BPS
from tallyio.protocols.dex.families import solidly
from tallyio.protocols.dex.families.words import div, require, u256

CAMELOT_UNIT = 100_000
"""Camelot's fees and shares are parts of this."""
_UINT112_MAX = 2**112 - 1


class SolidlyPool(PoolState, frozen=True):
    """Amounts in the tokens' units, ``scale*`` = ``10**decimals``, fees by input token in parts of ``fee_unit``.

    ``index*`` are the fees per share (1e18) of pools whose fee leaves them; ``owner_share`` and ``referrer_share`` are
    Camelot's (parts of ``CAMELOT_UNIT``; the owner's is taken in stable pools while ``fee_to_set``).
    """

    variant: str
    stable: bool
    scale0: int
    scale1: int
    reserve0: int
    reserve1: int
    fee0: int
    fee1: int
    cumulative0: int = 0
    cumulative1: int = 0
    updated: int = 0
    index0: int = 0
    index1: int = 0
    total_supply: int = 0
    fees_held0: int = 0
    fees_held1: int = 0
    owner_share: int = 0
    referrer_share: int = 0
    fee_to_set: bool = False

    @property
    def fee_unit(self) -> int:
        return CAMELOT_UNIT if self.variant == solidly.CAMELOT else BPS


class SolidlySwap(msgspec.Struct, frozen=True):
    amount_out: int
    pool: SolidlyPool
    owner_fee: int = 0
    referrer_fee: int = 0


def amount_out(pool: SolidlyPool, token_in: int, amount_in: int) -> int:
    """The contract's ``getAmountOut``: what token ``1 - token_in`` is paid. Raises ``SwapRefusedError``."""
    first = token_in == 0
    reserve_in, reserve_out = (pool.reserve0, pool.reserve1) if first else (pool.reserve1, pool.reserve0)
    fee = pool.fee0 if first else pool.fee1
    camelot = pool.variant == solidly.CAMELOT
    if camelot and not pool.stable:
        net = u256(amount_in * (CAMELOT_UNIT - fee))
        return div(u256(net * reserve_out), u256(u256(reserve_in * CAMELOT_UNIT) + net))
    net = u256(amount_in - u256(amount_in * fee) // pool.fee_unit)
    if not pool.stable:
        return solidly.volatile_out(net, reserve_in, reserve_out)
    scale_in, scale_out = (pool.scale0, pool.scale1) if first else (pool.scale1, pool.scale0)
    return solidly.stable_out(net, reserve_in, reserve_out, scale_in, scale_out, pool.variant)


def exchange(pool: SolidlyPool, token_in: int, amount_in: int, timestamp: int) -> SolidlySwap:
    """Sells ``amount_in`` for what ``amount_out`` quotes."""
    return swap(pool, token_in, amount_in, amount_out(pool, token_in, amount_in), timestamp)


def swap(
    pool: SolidlyPool, token_in: int, amount_in: int, wanted: int, timestamp: int, *, referrer: bool = False
) -> SolidlySwap:
    """Pays in ``amount_in`` and asks for exactly ``wanted`` of the other token, as the contract's ``swap``."""
    first = token_in == 0
    reserve_in, reserve_out = (pool.reserve0, pool.reserve1) if first else (pool.reserve1, pool.reserve0)
    require(wanted > 0, "InsufficientOutputAmount")
    require(wanted < reserve_out, "InsufficientLiquidity")
    require(amount_in > 0, "InsufficientInputAmount")
    left_out = reserve_out - wanted
    before = solidly.invariant(pool.reserve0, pool.reserve1, pool.scale0, pool.scale1, pool.stable)
    fee_rate = pool.fee0 if first else pool.fee1
    fee = u256(amount_in * fee_rate) // pool.fee_unit
    owner = given = 0
    if pool.variant == solidly.CAMELOT:
        shared = pool.referrer_share if referrer else 0
        given = u256(amount_in * shared * fee_rate) // CAMELOT_UNIT**2
        if pool.fee_to_set and pool.stable:
            rest = CAMELOT_UNIT - shared
            owner = u256(amount_in * rest * pool.owner_share * fee_rate) // CAMELOT_UNIT**3
        left_in = u256(reserve_in + amount_in - given - owner)
        counted = u256(left_in - u256(fee - given - owner))
    else:
        counted = left_in = u256(reserve_in + amount_in - fee)
    counted0, counted1 = (counted, left_out) if first else (left_out, counted)
    after = solidly.invariant(counted0, counted1, pool.scale0, pool.scale1, pool.stable)
    solidly.require_paid(before, after)
    balance0, balance1 = (left_in, left_out) if first else (left_out, left_in)
    if pool.variant == solidly.CAMELOT:
        require(balance0 <= _UINT112_MAX and balance1 <= _UINT112_MAX, "OVERFLOW")
        moved = msgspec.structs.replace(pool, reserve0=balance0, reserve1=balance1)
        return SolidlySwap(wanted, moved, owner, given)
    elapsed = timestamp - pool.updated if pool.reserve0 and pool.reserve1 else 0
    per_share = div(u256(fee * solidly.ONE), pool.total_supply) if fee else 0
    moved = msgspec.structs.replace(
        pool,
        reserve0=balance0,
        reserve1=balance1,
        cumulative0=pool.cumulative0 + pool.reserve0 * elapsed,
        cumulative1=pool.cumulative1 + pool.reserve1 * elapsed,
        updated=timestamp,
        index0=pool.index0 + (per_share if first else 0),
        index1=pool.index1 + (0 if first else per_share),
        fees_held0=pool.fees_held0 + (fee if first else 0),
        fees_held1=pool.fees_held1 + (0 if first else fee),
    )
    return SolidlySwap(wanted, moved)
