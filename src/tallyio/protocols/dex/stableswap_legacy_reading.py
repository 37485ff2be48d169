"""A first StableSwap pool of Curve's as its contract tells it, refused where its quotes are not the model's.

These pools have no factory, and many were changed from the template (rates of lending tokens, other fees): what a
deployment names may be one of those. So the contract's own quotes are compared with the model's before it is used.
"""

from collections.abc import Generator
from functools import partial

import msgspec

from tallyio.core.errors import ChainDataError
from tallyio.core.units import Address
from tallyio.protocols.dex.answers import answered, calldata, selector
from tallyio.protocols.dex.families import stable_legacy
from tallyio.protocols.dex.families.stable_legacy import StablePool
from tallyio.protocols.dex.family import Call, Refused
from tallyio.protocols.dex.stableswap_legacy_events import MOST_COINS
from tallyio.protocols.dex.words import address_word

COIN, BALANCE, DECIMALS = selector("coins(uint256)"), selector("balances(uint256)"), selector("decimals()")
QUOTE = selector("get_dy(int128,int128,uint256)")
PRECISE, WHOLE = selector("A_precise()"), selector("A()")
WORDS = tuple(
    selector(f"{name}()")
    for name in ("initial_A", "future_A", "initial_A_time", "future_A_time", "fee", "admin_fee", "A")
)
PRECISION = 100
_PARTS = 1_000_003, 7
"""Of a balance: how much is asked about."""
_MOST_DECIMALS = 36
_ETHER = 0xEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEE

Rounds = Generator[list[Call], list[bytes | None], tuple[tuple[Address, ...], StablePool] | Refused]


def plain(at: Address) -> Rounds:
    """The coins and the state, without what is not followed, in two rounds."""
    told = yield [
        *((at, calldata(COIN, k)) for k in range(MOST_COINS + 1)),
        *((at, calldata(BALANCE, k)) for k in range(MOST_COINS)),
        *((at, name) for name in (*WORDS, PRECISE)),
    ]
    coins = _leading(told[: MOST_COINS + 1], at)
    n = len(coins)
    if not 2 <= n <= MOST_COINS or len(set(coins)) != n:
        return Refused(f"it names {n} coins, expected 2 to {MOST_COINS} that differ")
    if _ETHER in coins:
        return Refused("it holds ether, of whose pools none is known here")
    balances = [answered(answer, 1, at)[0] for answer in told[MOST_COINS + 1 :][:n]]
    initial, future, start, end, fee, admin_fee, whole = (answered(each, 1, at)[0] for each in told[-8:-1])
    # the first pools keep A itself; what kept it with two more digits says so by another view
    unit, now = (1, whole) if told[-1] is None else (PRECISION, answered(told[-1], 1, at)[0])
    asked = [(i, (i + 1) % n, balances[i] // part + 1) for i in range(n) for part in _PARTS]
    tokens = tuple(map(address_word, coins))
    told = yield [
        *((token, DECIMALS) for token in tokens),
        *((at, calldata(QUOTE, *order)) for order in asked),
    ]
    decimals = [answered(answer, 1, token)[0] for answer, token in zip(told[:n], tokens, strict=True)]
    if max(decimals) > _MOST_DECIMALS:
        return Refused(f"a coin has {max(decimals)} decimals, expected at most {_MOST_DECIMALS}")
    state = StablePool(
        balances=tuple(balances),
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
    if all(balances):
        for order, answer in zip(asked, told[n:], strict=True):
            said = None if answer is None else answered(answer, 1, at)[0]
            if said != (ours := _quote(partial(stable_legacy.get_dy, still, *order, 0))):
                return Refused(f"it quotes {said} for {order[2]} of coin {order[0]}, a plain pool {ours}")
    return tokens, state


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
