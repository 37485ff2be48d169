"""A StableSwap-NG pool as its factory and its contract tell it."""

from collections.abc import Generator, Sequence

from tallyio.core.units import Address
from tallyio.protocols.dex.answers import answered, answered_list, calldata, selector
from tallyio.protocols.dex.families.stable_ng import StableNgPool
from tallyio.protocols.dex.family import Call, Refused
from tallyio.protocols.dex.words import address_word

FIND, COINS = selector("find_pool_for_coins(address,address,uint256)"), selector("get_coins(address)")
KINDS = selector("get_pool_asset_types(address)")
BALANCES, RATES = selector("get_balances()"), selector("stored_rates()")
WORDS = tuple(
    selector(f"{name}()")
    for name in (
        "initial_A",
        "future_A",
        "initial_A_time",
        "future_A_time",
        "fee",
        "offpeg_fee_multiplier",
        "totalSupply",
    )
)
FEE = selector("fee()")
REBASING = 2
_SAME_COINS = 8
"""Pools of the same first two coins that are looked through."""
MOST_COINS = 8


def calls(at: Address) -> list[Call]:
    """What ``state_of`` takes the answers to."""
    return [(at, name) for name in (BALANCES, RATES, *WORDS)]


def state_of(told: Sequence[bytes | None], at: Address, kinds: Sequence[int]) -> StableNgPool:
    """The state without what is not followed."""
    balances, rates = (answered_list(answer, at) for answer in told[:2])
    initial, future, start, end, fee, multiplier, supply = (answered(answer, 1, at)[0] for answer in told[2:])
    return StableNgPool(
        balances=tuple(balances),
        admin_balances=(0,) * len(balances),
        rates=tuple(rates),
        initial_a=initial,
        future_a=future,
        initial_a_time=start,
        future_a_time=end,
        fee=fee,
        off_peg_multiplier=multiplier,
        total_supply=supply,
        price_window=0,
        d_window=0,
        price_time=0,
        d_time=0,
        last_price=(),
        ema_price=(),
        last_d=0,
        ema_d=0,
        rebasing=REBASING in kinds,
    )


def announced(
    factory: Address, tokens: Sequence[Address], wanted_fee: int
) -> Generator[list[Call], list[bytes | None], Address | Refused]:
    """The address of the pool that was announced: of those with its coins the one with its fee, or the last made."""
    ends = int(tokens[0], 16), int(tokens[1], 16)
    told = yield [(factory, calldata(FIND, *ends, k)) for k in range(_SAME_COINS)]
    named = dict.fromkeys(answered(answer, 1, factory)[0] for answer in told)
    candidates = [address_word(each) for each in named if each]
    told = yield [call for each in candidates for call in ((factory, calldata(COINS, int(each, 16))), (each, FEE))]
    matching: list[Address] = []
    for each, coins, fee in zip(candidates, told[::2], told[1::2], strict=True):
        if tuple(map(address_word, answered_list(coins, factory))) == tuple(tokens):
            if answered(fee, 1, each)[0] == wanted_fee:
                return each
            matching.append(each)
    return matching[-1] if matching else Refused("the factory does not know the pool that it announced")
