"""A first StableSwap pool of Curve's as its contract tells it, refused where its quotes are not the model's.

These pools have no factory, and many were changed from the template (rates of lending tokens, other fees): what a
deployment names may be one of those. So the contract's own quotes are compared with the model's before it is used.
"""

from collections.abc import Generator, Sequence
from functools import partial
from typing import NamedTuple

import msgspec

from tallyio.core.errors import ChainDataError
from tallyio.core.pools import CURVE_LEGACY, CURVE_LEGACY_META, Pool
from tallyio.core.units import PIPS, Address
from tallyio.protocols.dex.answers import answered, calldata, selector
from tallyio.protocols.dex.families import stable_legacy
from tallyio.protocols.dex.families.stable_legacy import StablePool
from tallyio.protocols.dex.families.stable_legacy_meta import StableMeta
from tallyio.protocols.dex.families.stable_math import FEE_UNIT, ONE
from tallyio.protocols.dex.family import Call, Learned, Reading, Refused
from tallyio.protocols.dex.stableswap_legacy_events import MOST_COINS
from tallyio.protocols.dex.words import address_word

COIN, BALANCE, DECIMALS = selector("coins(uint256)"), selector("balances(uint256)"), selector("decimals()")
QUOTE = selector("get_dy(int128,int128,uint256)")
PRECISE, BASE = selector("A_precise()"), selector("base_pool()")
SUPPLY, CACHED_PRICE, CACHED_AT = (
    selector(f"{name}()") for name in ("totalSupply", "base_virtual_price", "base_cache_updated")
)
WORDS = tuple(
    selector(f"{name}()")
    for name in ("initial_A", "future_A", "initial_A_time", "future_A_time", "fee", "admin_fee", "A")
)
PRECISION = 100
_PARTS = 1_000_003, 7
"""Of a balance: how much is asked about."""
_MOST_DECIMALS = 36
_ETHER = 0xEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEE


class Contents(NamedTuple):
    """``state`` is without what is not followed, ``still`` the same with the present amplification at every time;
    ``base`` is the pool below a meta pool, else empty."""

    tokens: tuple[Address, ...]
    state: StablePool
    still: StablePool
    base: Address | None


def read(pool: Pool) -> Reading:
    """A plain pool or a meta pool over one, whichever the contract is."""
    found = yield from _contents(pool.address)
    if isinstance(found, Refused):
        return found
    fee_pips = found.state.fee * PIPS // FEE_UNIT
    if found.base is None:
        wrong = yield from _judged(pool.address, found)
        return wrong or Learned(Pool(pool.address, CURVE_LEGACY, pool.protocol, found.tokens, fee_pips), found.state)
    below = yield from _contents(found.base)
    wrong = below if isinstance(below, Refused) else (yield from _judged(found.base, below))
    if isinstance(below, Refused) or wrong:
        return Refused(f"its base pool {found.base}: {wrong.reason if wrong else ''}")
    if below.base or len(found.tokens) != 2:
        return Refused(f"a meta pool of {len(found.tokens)} coins, expected its own and the shares of a plain pool")
    answers = yield [(found.tokens[1], SUPPLY), *((pool.address, name) for name in (CACHED_PRICE, CACHED_AT))]
    targets = found.tokens[1], pool.address, pool.address
    supply, price, at = (answered(told, 1, target)[0] for told, target in zip(answers, targets, strict=True))
    base = msgspec.structs.replace(below.state, total_supply=supply)
    live = stable_legacy.virtual_price(msgspec.structs.replace(below.still, total_supply=supply), 0) if supply else 0
    wrong = yield from _judged(pool.address, found, (price, live))
    if wrong:
        return wrong
    tokens = *found.tokens, *below.tokens
    if len(set(tokens)) != len(tokens):
        return Refused("its own coin is one of its base pool's")
    known = Pool(pool.address, CURVE_LEGACY_META, pool.protocol, tokens, fee_pips, below=found.base)
    return Learned(known, StableMeta(found.state, base, price, at))


def _contents(at: Address) -> Generator[list[Call], list[bytes | None], Contents | Refused]:
    told = yield [
        *((at, calldata(COIN, k)) for k in range(MOST_COINS + 1)),
        *((at, calldata(BALANCE, k)) for k in range(MOST_COINS)),
        *((at, name) for name in (*WORDS, PRECISE, BASE)),
    ]
    coins = _leading(told[: MOST_COINS + 1], at)
    n = len(coins)
    if not 2 <= n <= MOST_COINS or len(set(coins)) != n:
        return Refused(f"it names {n} coins, expected 2 to {MOST_COINS} that differ")
    if _ETHER in coins:
        return Refused("it holds ether, of whose pools none is known here")
    balances = tuple(answered(answer, 1, at)[0] for answer in told[MOST_COINS + 1 :][:n])
    initial, future, start, end, fee, admin_fee, whole = (answered(each, 1, at)[0] for each in told[-9:-2])
    # the first pools keep A itself; what kept it with two more digits says so by another view
    unit, now = (1, whole) if told[-2] is None else (PRECISION, answered(told[-2], 1, at)[0])
    base = address_word(answered(told[-1], 1, at)[0]) if told[-1] else None
    tokens = tuple(map(address_word, coins))
    told = yield [(token, DECIMALS) for token in tokens]
    decimals = [answered(answer, 1, token)[0] for answer, token in zip(told, tokens, strict=True)]
    if max(decimals) > _MOST_DECIMALS:
        return Refused(f"a coin has {max(decimals)} decimals, expected at most {_MOST_DECIMALS}")
    state = StablePool(
        balances=balances,
        admin_balances=(0,) * n,
        rates=tuple(10 ** (36 - places) for places in decimals),
        initial_a=initial,
        future_a=future,
        initial_a_time=start,
        future_a_time=end,
        a_unit=unit,
        fee=fee,
        admin_fee=admin_fee,
        total_supply=0,
    )
    still = msgspec.structs.replace(state, initial_a=now, future_a=now, future_a_time=0)
    return Contents(tokens, state, still, base)


def _judged(
    at: Address, found: Contents, prices: Sequence[int] = (ONE,)
) -> Generator[list[Call], list[bytes | None], Refused | None]:
    """Whether the contract quotes as the model does, its last coin being worth one of ``prices``."""
    balances, n = found.state.balances, len(found.tokens)
    if not all(balances):
        return None
    asked = [(i, (i + 1) % n, balances[i] // part + 1) for i in range(n) for part in _PARTS]
    told = yield [(at, calldata(QUOTE, *order)) for order in asked]
    said = [None if answer is None else answered(answer, 1, at)[0] for answer in told]
    for price in prices:
        rates = *found.still.rates[:-1], found.still.rates[-1] * price // ONE
        pool = msgspec.structs.replace(found.still, rates=rates)
        ours = [_quote(partial(stable_legacy.get_dy, pool, *order, 0)) for order in asked]
        if ours == said:
            return None
    return Refused(f"it quotes {said} where a plain pool, or a meta pool over one, quotes {ours}")


def _leading(answers: list[bytes | None], at: Address) -> list[int]:
    found = []
    for answer in answers:
        if answer is None or len(answer) < 32:
            break
        found.append(answered(answer, 1, at)[0])
    return found


def _quote(ask: "partial[int]") -> int | None:
    try:
        return ask()
    except ChainDataError:
        return None
