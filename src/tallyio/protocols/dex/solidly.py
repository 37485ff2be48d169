"""Aerodrome, Velodrome (second generation) and Camelot: volatile and stable pairs with a fee of their own.

The first generation of Solidly's forks rounds otherwise and is not known here.
"""

from collections.abc import Sequence
from functools import partial

import msgspec

from tallyio.core.chain import Log
from tallyio.core.errors import ChainDataError
from tallyio.core.pools import CAMELOT, Pool, PoolState, Terms
from tallyio.core.units import PIPS, Address
from tallyio.protocols.dex import solidly_events as events
from tallyio.protocols.dex import uniswap_v2
from tallyio.protocols.dex.answers import answered, calldata, selector
from tallyio.protocols.dex.deployments import Deployment
from tallyio.protocols.dex.exact_out import least_input
from tallyio.protocols.dex.families import solidly_pool
from tallyio.protocols.dex.families.solidly_pool import SolidlyPool
from tallyio.protocols.dex.family import Family, Learned, Reading, Refused, SwapResult
from tallyio.protocols.dex.identity import names, other_names
from tallyio.protocols.dex.solidly_curve import SolidlyCurve
from tallyio.protocols.dex.words import address_word, paid, topic, words

METADATA, GET_FEE, IS_PAUSED = selector("metadata()"), selector("getFee(address,bool)"), selector("isPaused()")
GET_RESERVES, STABLE_SWAP = selector("getReserves()"), selector("stableSwap()")
UNIT0, UNIT1 = selector("precisionMultiplier0()"), selector("precisionMultiplier1()")
TOTAL_SUPPLY = selector("totalSupply()")
OWNER_SHARE, FEE_TO = selector("ownerFeeShare()"), selector("feeTo()")
GAS_VOLATILE, GAS_STABLE = 105_000, 135_000


class SolidlyTerms(Terms, frozen=True):
    """``factory`` is asked for the fee."""

    factory: Address


class Solidly(Family):
    """The state is a ``SolidlyPool`` whose averages and collected fees are not followed, and of whose shares only
    whether there are any: without them a pool of Aerodrome or Velodrome cannot book a fee (1, else 0)."""

    read_first = True
    typical_gas = GAS_VOLATILE

    lends = True

    def __init__(self, name: str) -> None:
        self.name = name
        self._pairs = name == CAMELOT
        self.topics = events.CAMELOT if self._pairs else events.SOLIDLY

    def discover(self, log: Log, deployment: Deployment) -> Pool | None:
        created = events.PAIR_CREATED if self._pairs else events.POOL_CREATED
        if not log.topics or log.topics[0] != created:
            return None
        address, _ = words(log, 3 if self._pairs else 4, 2)
        token0, token1 = topic(log, 1), topic(log, 2)
        if token0 >= token1:
            raise ChainDataError(f"the factory {log.address} announced a pool whose tokens are not sorted")
        tokens = address_word(token0), address_word(token1)
        return Pool(address_word(address), self.name, deployment.protocol, tokens, 0, terms=SolidlyTerms(log.address))

    def key(self, log: Log) -> Address | None:
        return address_word(topic(log, 1)) if log.topics[0] == events.CUSTOM_FEE else log.address

    def read(self, pool: Pool) -> Reading:
        state = yield from self._pair(pool) if self._pairs else self._pool(pool)
        if isinstance(state, SolidlyPool):
            return Learned(msgspec.structs.replace(pool, fee_pips=state.fee0 * PIPS // state.fee_unit), state)
        return state

    def _pool(self, pool: Pool) -> Reading:
        at, factory = pool.address, _factory(pool)
        told, paused = yield [(at, METADATA), (factory, IS_PAUSED)]
        scale0, scale1, reserve0, reserve1, stable, *tokens = answered(told, 7, at)[:7]
        if lie := other_names(pool, [token.to_bytes(32) for token in tokens]):
            return lie
        if answered(paused, 1, factory)[0]:
            return Refused("the factory has paused its pools")
        told, supply = yield [(factory, calldata(GET_FEE, int(at, 16), stable)), (at, TOTAL_SUPPLY)]
        (fee,), shares = answered(told, 1, factory), min(answered(supply, 1, at)[0], 1)
        common = self.name, bool(stable), scale0, scale1
        return SolidlyPool(*common, reserve0, reserve1, fee, fee, total_supply=shares)

    def _pair(self, pool: Pool) -> Reading:
        at, factory = pool.address, _factory(pool)
        of_pair = [(at, name) for name in (GET_RESERVES, STABLE_SWAP, UNIT0, UNIT1)]
        *answers, first, second = yield [*of_pair, (factory, OWNER_SHARE), (factory, FEE_TO), *names(pool)]
        if lie := other_names(pool, (first, second)):
            return lie
        reserve0, reserve1, fee0, fee1 = answered(answers[0], 4, at)
        stable, scale0, scale1, share, fee_to = (answered(each, 1, at)[0] for each in answers[1:])
        return SolidlyPool(
            variant=self.name,
            stable=bool(stable),
            scale0=scale0,
            scale1=scale1,
            reserve0=reserve0,
            reserve1=reserve1,
            fee0=fee0,
            fee1=fee1,
            owner_share=share,
            fee_to_set=fee_to != 0,
        )

    def advance(self, pool: Pool, state: PoolState | None, logs: Sequence[Log], timestamp: int) -> PoolState | None:
        if state is None:
            return None
        own = _own(pool, state)
        return events.follow_pair(own, logs) if self._pairs else events.follow_pool(own, logs)

    def paid_out(self, pool: Pool, log: Log) -> tuple[tuple[Address, int], ...]:
        if log.topics[0] not in (events.SWAP, uniswap_v2.SWAP):
            return ()
        _, _, *outputs = words(log, 3, 4)
        return paid(pool, outputs)

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
        own, side = _own(pool, state), pool.tokens.index(token_in)
        if not exact_out:
            done = solidly_pool.exchange(own, side, amount, timestamp)
        else:
            guess = self._guess(own, side, amount)
            spent = least_input(partial(solidly_pool.amount_out, own, side), amount, guess)
            done = solidly_pool.swap(own, side, spent, amount, timestamp)
            amount = spent
        after = msgspec.structs.replace(own, reserve0=done.pool.reserve0, reserve1=done.pool.reserve1)
        return SwapResult(amount, done.amount_out, after)

    def _guess(self, own: SolidlyPool, side: int, wanted: int) -> int:
        reserve_in, reserve_out = (own.reserve0, own.reserve1) if side == 0 else (own.reserve1, own.reserve0)
        if not 0 < wanted < reserve_out:
            raise ChainDataError(f"{wanted} wanted of a reserve of {reserve_out}")
        if own.stable:
            return int(wanted / (SolidlyCurve(own, side).rate() or 1.0))
        return reserve_in * wanted * own.fee_unit // ((reserve_out - wanted) * (own.fee_unit - own.fee0))

    def curve(
        self, pool: Pool, state: PoolState, token_in: Address, token_out: Address, timestamp: int
    ) -> SolidlyCurve:
        return SolidlyCurve(_own(pool, state), pool.tokens.index(token_in))

    def holdings(self, pool: Pool, state: PoolState) -> tuple[int, ...]:
        own = _own(pool, state)
        return own.reserve0, own.reserve1

    def gas(self, pool: Pool, state: PoolState) -> int:
        return GAS_STABLE if _own(pool, state).stable else GAS_VOLATILE

    def obstacle(self, pool: Pool, state: PoolState) -> str:
        return "" if all(self.holdings(pool, state)) else "no liquidity"


def _factory(pool: Pool) -> Address:
    if not isinstance(pool.terms, SolidlyTerms):
        raise ChainDataError(f"pool {pool.address} of family {pool.family} has not the terms of its family")
    return pool.terms.factory


def _own(pool: Pool, state: PoolState) -> SolidlyPool:
    if not isinstance(state, SolidlyPool):
        raise ChainDataError(f"pool {pool.address} of family {pool.family} does not match its state")
    return state
