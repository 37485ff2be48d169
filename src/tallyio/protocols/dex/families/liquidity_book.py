"""Trader Joe's Liquidity Book 2.0, 2.1 and 2.2: bins of constant price, and a fee that rises with the bins crossed.

Source: the Liquidity Book whitepaper and documentation; judged by recorded answers. Token 0 is X, token 1 is Y; a bin's
price is Y for X in Q128.128, ``(1 + step / 10,000) ** (id - 2**23)``.
"""

from bisect import bisect_left, bisect_right
from functools import lru_cache

import msgspec

from tallyio.core.pools import PoolState
from tallyio.core.units import BPS, UINT112_MAX, UINT128_MAX, UINT256_MAX
from tallyio.protocols.dex.families.words import require

ONE = 10**18
MIDDLE = 1 << 23
_SCALE = 1 << 128
_MAX_FEE = ONE // 10
_FARTHEST = 0x100000
MAX_BIN_LIQUIDITY = 65251743116719673010965625540244653191619923014385985379600384103134737
"""More than this in one bin is refused by version 2.2."""
FIRST, LIMITED = "2.0", "2.2"
"""The first keeps fees beside its bins, which are narrower."""


class FeeRules(msgspec.Struct, frozen=True):
    """What the pair's owner set: parts of 10,000, seconds, and the greatest volatility."""

    base_factor: int
    filter_period: int
    decay_period: int
    reduction_factor: int
    variable_control: int
    protocol_share: int
    max_volatility: int


class Volatility(msgspec.Struct, frozen=True):
    """Bins crossed of late, times 10,000; the reference decays between trades."""

    accumulator: int
    reference: int
    id_reference: int
    updated: int


class LiquidityBook(PoolState, frozen=True):
    """``bins`` are all that hold a token, by id; reserves, and the fees that are not in them, in the tokens' units."""

    version: str
    bin_step: int
    rules: FeeRules
    active_id: int
    volatility: Volatility
    bins: dict[int, tuple[int, int]]
    reserves: tuple[int, int]
    kept_fees: tuple[int, int]


class Walked(msgspec.Struct, frozen=True):
    """``left`` is what no bin took; ``changed`` the bins after, ``kept`` the fees that are not in them, in the token
    in."""

    left: int
    amount: int
    fee: int
    kept: int
    active_id: int
    volatility: Volatility
    changed: dict[int, tuple[int, int]]


@lru_cache(maxsize=1 << 16)
def price_at(bin_id: int, bin_step: int) -> int:
    """The bin's price, rounded as the contract's power of two halves of 128 bits."""
    exponent = bin_id - MIDDLE
    if exponent == 0:
        return _SCALE
    require(abs(exponent) < _FARTHEST, "Uint128x128Math__PowUnderflow")
    squared = UINT256_MAX // (_SCALE + (bin_step << 128) // BPS)
    result, rest = _SCALE, abs(exponent)
    while rest:
        if rest & 1:
            result = result * squared >> 128
        squared = squared * squared >> 128
        rest >>= 1
    require(result > 0, "Uint128x128Math__PowUnderflow")
    return UINT256_MAX // result if exponent > 0 else result


def refreshed(volatility: Volatility, rules: FeeRules, active_id: int, now: int) -> Volatility:
    """References as a trade at ``now`` finds them."""
    quiet = now - volatility.updated
    reference, id_reference = volatility.reference, volatility.id_reference
    if quiet >= rules.filter_period:
        id_reference = active_id
        reference = volatility.accumulator * rules.reduction_factor // BPS if quiet < rules.decay_period else 0
    return Volatility(volatility.accumulator, reference, id_reference, now)


def accumulated(volatility: Volatility, rules: FeeRules, bin_id: int) -> Volatility:
    """The volatility once the trade has come to ``bin_id``."""
    moved = volatility.reference + abs(bin_id - volatility.id_reference) * BPS
    return Volatility(
        min(moved, rules.max_volatility), volatility.reference, volatility.id_reference, volatility.updated
    )


def fee_rate(rules: FeeRules, bin_step: int, accumulator: int) -> int:
    """The fee (1e18) of what goes in, without what it is of itself."""
    moved = accumulator * bin_step
    variable = (moved * moved * rules.variable_control + 99) // 100 if rules.variable_control else 0
    rate = rules.base_factor * bin_step * 10**10 + variable
    require(rate <= UINT128_MAX, "SafeCast__Exceeds128Bits")
    return rate


def fee_on_top(amount: int, rate: int) -> int:
    require(rate <= _MAX_FEE, "FeeHelper__FeeTooLarge")
    return -(-amount * rate // (ONE - rate))


def fee_inside(amount: int, rate: int) -> int:
    require(rate <= _MAX_FEE, "FeeHelper__FeeTooLarge")
    return -(-amount * rate // ONE)


def amount_in_for(out: int, price: int, x_for_y: bool) -> int:
    """What a bin asks for ``out``, without fee, rounded up."""
    return -(-(out << 128) // price) if x_for_y else -(-out * price >> 128)


def bin_amounts(
    version: str, offered: int, reserve_out: int, price: int, x_for_y: bool, rate: int
) -> tuple[int, int, int]:
    """What a bin takes of ``offered`` (fee inside), pays, and the fee.

    Refused where what all of the bin costs is more than the version counts, also of a trade for a part of it.
    """
    most = amount_in_for(reserve_out, price, x_for_y)
    fee = fee_on_top(most, rate)
    require((fee if version == FIRST else most + fee) <= UINT128_MAX, "SafeCast__Exceeds128Bits")
    if offered >= most + fee:
        return most + fee, reserve_out, fee
    fee = fee_inside(offered, rate)
    net = offered - fee
    out = net * price >> 128 if x_for_y else (net << 128) // price
    return offered, min(out, reserve_out), fee


def next_bin(ids: list[int], bin_id: int, x_for_y: bool) -> int | None:
    """The nearest bin with liquidity in the trade's direction: lower ids for X, higher for Y."""
    place = bisect_left(ids, bin_id) - 1 if x_for_y else bisect_right(ids, bin_id)
    return ids[place] if 0 <= place < len(ids) else None


def walk(book: LiquidityBook, amount_in: int, x_for_y: bool, now: int) -> Walked:
    """Takes ``amount_in`` through the bins until it is spent or no bin is left."""
    ids, bin_id = sorted(book.bins), book.active_id
    volatility = refreshed(book.volatility, book.rules, bin_id, now)
    side, left, out, fees, kept = 0 if x_for_y else 1, amount_in, 0, 0, 0
    changed: dict[int, tuple[int, int]] = {}
    while True:
        reserves = book.bins.get(bin_id, (0, 0))
        if reserves[1 - side]:
            volatility = accumulated(volatility, book.rules, bin_id)
            price, rate = price_at(bin_id, book.bin_step), fee_rate(book.rules, book.bin_step, volatility.accumulator)
            taken, paid, fee = bin_amounts(book.version, left, reserves[1 - side], price, x_for_y, rate)
            if book.version == LIMITED:
                require_room(_moved(reserves, side, taken, paid), price)
            if taken:
                apart = fee if book.version == FIRST else fee * book.rules.protocol_share // BPS
                changed[bin_id] = _moved(reserves, side, taken - apart, paid)
                require(book.version != FIRST or max(changed[bin_id]) <= UINT112_MAX, "SafeCast__Exceeds112Bits")
                left, out, fees, kept = left - taken, out + paid, fees + fee, kept + apart
        if left == 0:
            break
        following = next_bin(ids, bin_id, x_for_y)
        if following is None:
            break
        bin_id = following
    return Walked(left, out, fees, kept, bin_id, volatility, changed)


def _moved(reserves: tuple[int, int], side: int, taken: int, paid: int) -> tuple[int, int]:
    there, other = reserves[side] + taken, reserves[1 - side] - paid
    return (there, other) if side == 0 else (other, there)


def require_room(reserves: tuple[int, int], price: int) -> None:
    require(price * reserves[0] + (reserves[1] << 128) <= MAX_BIN_LIQUIDITY, "BinHelper__MaxLiquidityPerBinExceeded")


def exchange(book: LiquidityBook, x_for_y: bool, amount_in: int, now: int) -> tuple[int, LiquidityBook, Walked]:
    """What the pair pays for ``amount_in``, the pair after, and how the bins were walked."""
    require(amount_in > 0, "LBPair__InsufficientAmountIn")
    done = walk(book, amount_in, x_for_y, now)
    require(done.left == 0, "LBPair__OutOfLiquidity")
    require(done.amount > 0 or book.version == FIRST, "LBPair__InsufficientAmountOut")
    side = 0 if x_for_y else 1
    whole = book.reserves[side] + book.kept_fees[side] + amount_in
    require(whole <= UINT128_MAX or book.version == FIRST, "PackedUint128Math__AddOverflow")
    fees = list(book.kept_fees)
    fees[side] += done.kept
    require(fees[side] <= UINT128_MAX, "PackedUint128Math__AddOverflow")
    moved = LiquidityBook(
        version=book.version,
        bin_step=book.bin_step,
        rules=book.rules,
        active_id=done.active_id,
        volatility=done.volatility,
        bins={**book.bins, **done.changed},
        reserves=_moved(book.reserves, side, amount_in - done.kept, done.amount),
        kept_fees=(fees[0], fees[1]),
    )
    return done.amount, moved, done


def amount_in(book: LiquidityBook, x_for_y: bool, wanted: int, now: int) -> tuple[int, int, int]:
    """What ``wanted`` of the token out costs, what of it no bin has, and the fee in the cost."""
    ids, bin_id = sorted(book.bins), book.active_id
    volatility = refreshed(book.volatility, book.rules, bin_id, now)
    left, cost, fees = wanted, 0, 0
    while True:
        reserve = book.bins.get(bin_id, (0, 0))[1 if x_for_y else 0]
        if reserve:
            volatility = accumulated(volatility, book.rules, bin_id)
            paid = min(reserve, left)
            net = amount_in_for(paid, price_at(bin_id, book.bin_step), x_for_y)
            fee = fee_on_top(net, fee_rate(book.rules, book.bin_step, volatility.accumulator))
            left, cost, fees = left - paid, cost + net + fee, fees + fee
            require(cost <= UINT128_MAX, "SafeCast__Exceeds128Bits")
        if left == 0:
            break
        following = next_bin(ids, bin_id, x_for_y)
        if following is None:
            break
        bin_id = following
    return cost, left, fees
