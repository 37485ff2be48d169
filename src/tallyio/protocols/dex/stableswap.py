"""Curve's StableSwap-NG, plain pools: coins at rates, and a fee that rises off the peg.

The factory does not name the pool that it announces, so the first reading finds it by its coins. Meta pools, whose
other coin is the share of a pool, are announced by another event and not known here.
"""

from collections.abc import Generator, Sequence
from functools import partial

from tallyio.chains.keccak import keccak256
from tallyio.core.chain import Log
from tallyio.core.errors import ChainDataError
from tallyio.core.pools import CURVE_NG, Pool, PoolState, Terms
from tallyio.core.units import PIPS, Address
from tallyio.protocols.dex import stableswap_events as events
from tallyio.protocols.dex.answers import answered, answered_list, calldata, selector
from tallyio.protocols.dex.deployments import Deployment
from tallyio.protocols.dex.exact_out import least_input
from tallyio.protocols.dex.families import stable_ng, stable_ng_views
from tallyio.protocols.dex.families.stable_math import FEE_UNIT, scaled
from tallyio.protocols.dex.families.stable_ng import A_UNIT, StableNgPool
from tallyio.protocols.dex.family import Call, Family, Learned, Reading, Refused, SwapResult
from tallyio.protocols.dex.stableswap_curve import StableSwapCurve
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
_MOST_COINS = 8


class StableSwapTerms(Terms, frozen=True):
    """``kinds`` of the coins as the factory has them (0 plain, 1 with a rate, 2 rebasing, 3 vault); empty for a pool
    that was announced with ``fee`` and is not found yet."""

    factory: Address
    fee: int
    kinds: tuple[int, ...] = ()


class StableSwap(Family):
    """The state is a ``StableNgPool`` whose averages and administrators' balances are not followed."""

    name = CURVE_NG
    topics = events.TOPICS | {events.PLAIN_DEPLOYED}
    read_first = True
    typical_gas = 140_000

    def discover(self, log: Log, deployment: Deployment) -> Pool | None:
        if not log.topics or log.topics[0] != events.PLAIN_DEPLOYED:
            return None
        found = [int.from_bytes(log.data[k : k + 32]) for k in range(0, len(log.data), 32)]
        count = found[4] if len(found) > 4 else 0
        if len(log.data) % 32 or not 1 < count <= _MOST_COINS or len(found) != 5 + count:
            raise ChainDataError(f"the factory {log.address} announced a pool of {count} coins")
        tokens = tuple(address_word(word) for word in found[5:])
        if len(set(tokens)) != count:
            raise ChainDataError(f"the factory {log.address} announced a pool that has a coin twice")
        name = keccak256(f"{log.tx_hash} {log.log_index}".encode())[:20].hex()
        terms = StableSwapTerms(log.address, found[2])
        return Pool(Address(f"0x{name}"), self.name, deployment.protocol, tokens, 0, terms=terms)

    def read(self, pool: Pool) -> Reading:
        terms, at = _terms(pool), pool.address
        if not terms.kinds:
            found = yield from _found(pool, terms)
            if isinstance(found, Refused):
                return found
            at = found
        told = yield [
            (terms.factory, calldata(KINDS, int(at, 16))),
            *((at, name) for name in (BALANCES, RATES, *WORDS)),
        ]
        kinds, balances, rates = (answered_list(answer, at) for answer in told[:3])
        initial, future, start, end, fee, multiplier, supply = (answered(answer, 1, at)[0] for answer in told[3:])
        if not len(kinds) == len(balances) == len(rates) == len(pool.tokens):
            return Refused(f"{len(balances)} balances, {len(rates)} rates of {len(pool.tokens)} coins")
        state = StableNgPool(
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
        known = StableSwapTerms(terms.factory, terms.fee, tuple(kinds))
        fee_pips = fee * PIPS // FEE_UNIT
        return Learned(Pool(at, self.name, pool.protocol, pool.tokens, fee_pips, terms=known), state)

    def advance(self, pool: Pool, state: PoolState | None, logs: Sequence[Log], timestamp: int) -> PoolState | None:
        if state is None or any(_terms(pool).kinds):  # its rates were others at the time of the event
            return None
        return events.follow(_own(pool, state), logs, timestamp)

    def polled(self, pool: Pool, state: PoolState) -> bool:
        return any(_terms(pool).kinds)

    def swap(
        self,
        pool: Pool,
        state: PoolState,
        token_in: Address,
        token_out: Address,
        amount: int,
        timestamp: int,
        *,
        exact_out: bool = False,
    ) -> SwapResult:
        own = events.whole(_own(pool, state), timestamp)
        _, i, j = self.detail(pool, token_in, token_out)
        if exact_out:
            amount = least_input(partial(_paid, own, i, j, timestamp), amount, _guess(own, i, j, amount, timestamp))
        paid, after = stable_ng.exchange(own, i, j, amount, timestamp)
        if not paid:
            raise ChainDataError(f"pool {pool.address} pays nothing for {amount}")
        return SwapResult(amount, paid, events.bare(after))

    def curve(
        self, pool: Pool, state: PoolState, token_in: Address, token_out: Address, timestamp: int
    ) -> StableSwapCurve:
        own, (_, i, j) = _own(pool, state), self.detail(pool, token_in, token_out)
        xp, a = scaled(own.balances, own.rates), own.amplification(timestamp)
        d = stable_ng.invariant(xp, a)
        ann = a / A_UNIT * len(xp)
        return StableSwapCurve(xp, d, ann, (i, j), (own.rates[i], own.rates[j]), own.fee, own.off_peg_multiplier)

    def holdings(self, pool: Pool, state: PoolState) -> tuple[int, ...]:
        return _own(pool, state).balances

    def obstacle(self, pool: Pool, state: PoolState) -> str:
        return "" if all(self.holdings(pool, state)) else "no liquidity"

    def detail(self, pool: Pool, token_in: Address, token_out: Address) -> tuple[int, ...]:
        """``exchange`` with signed indices, and the coins' places."""
        return 0, pool.tokens.index(token_in), pool.tokens.index(token_out)


def _found(pool: Pool, terms: StableSwapTerms) -> Generator[list[Call], list[bytes | None], Address | Refused]:
    """The address of the pool that was announced: of those with its coins the one with its fee, or the last made."""
    ends = int(pool.token0, 16), int(pool.token1, 16)
    told = yield [(terms.factory, calldata(FIND, *ends, k)) for k in range(_SAME_COINS)]
    named = dict.fromkeys(answered(answer, 1, terms.factory)[0] for answer in told)
    candidates = [address_word(each) for each in named if each]
    told = yield [
        call for each in candidates for call in ((terms.factory, calldata(COINS, int(each, 16))), (each, FEE))
    ]
    matching: list[Address] = []
    for each, coins, fee in zip(candidates, told[::2], told[1::2], strict=True):
        if tuple(map(address_word, answered_list(coins, terms.factory))) == pool.tokens:
            if answered(fee, 1, each)[0] == terms.fee:
                return each
            matching.append(each)
    return matching[-1] if matching else Refused("the factory does not know the pool that it announced")


def _paid(own: StableNgPool, i: int, j: int, now: int, amount: int) -> int:
    return stable_ng.exchange(own, i, j, amount, now)[0]


def _guess(own: StableNgPool, i: int, j: int, wanted: int, now: int) -> int:
    try:
        return stable_ng_views.get_dx(own, i, j, wanted, now)
    except ChainDataError:
        return 1


def _terms(pool: Pool) -> StableSwapTerms:
    if not isinstance(pool.terms, StableSwapTerms):
        raise ChainDataError(f"pool {pool.address} of family {pool.family} has not the terms of its family")
    return pool.terms


def _own(pool: Pool, state: PoolState) -> StableNgPool:
    if not isinstance(state, StableNgPool):
        raise ChainDataError(f"pool {pool.address} of family {pool.family} does not match its state")
    return state
