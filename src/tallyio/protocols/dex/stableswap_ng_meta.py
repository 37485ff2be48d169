"""Curve's StableSwap-NG meta pools over plain NG pools, whose shares they take at what these are worth at once."""

import msgspec

from tallyio.core.chain import Log
from tallyio.core.errors import ChainDataError
from tallyio.core.pools import CURVE_NG_META, Pool, PoolState
from tallyio.core.units import PIPS, Address
from tallyio.hot_path.curve import FloatCurve
from tallyio.protocols.dex import stableswap_events as events
from tallyio.protocols.dex import stableswap_reading as reading
from tallyio.protocols.dex.answers import answered, answered_list, calldata, selector
from tallyio.protocols.dex.deployments import Deployment
from tallyio.protocols.dex.families import stable_ng, stable_ng_meta
from tallyio.protocols.dex.families.stable_math import FEE_UNIT, ONE, scaled
from tallyio.protocols.dex.families.stable_ng import A_UNIT, StableNgPool
from tallyio.protocols.dex.families.stable_ng_meta import StableNgMeta
from tallyio.protocols.dex.family import Learned, Reading, Refused
from tallyio.protocols.dex.stableswap import StableSwapTerms, curve_of, meta_announced
from tallyio.protocols.dex.stableswap_meta import EXCHANGED_UNDERLYING, Chained, MetaFamily, held, share_curve
from tallyio.protocols.dex.words import address_word

PRECISE = selector("A_precise()")


class StableSwapMeta(MetaFamily):
    """The state is a ``StableNgMeta`` whose shares' rate, found of the pool below, is not kept."""

    name = CURVE_NG_META
    topics = events.TOPICS | {events.META_DEPLOYED, EXCHANGED_UNDERLYING}

    def discover(self, log: Log, deployment: Deployment) -> Pool | None:
        if not log.topics or log.topics[0] != events.META_DEPLOYED:
            return None
        return meta_announced(log, deployment)

    def read(self, pool: Pool) -> Reading:
        terms, at, base = pool.terms, pool.address, pool.below
        if not isinstance(terms, StableSwapTerms):
            raise ChainDataError(f"pool {at} of family {pool.family} has not the terms of its family")
        if not terms.kinds:
            found = yield from reading.announced(terms.factory, pool.tokens, terms.fee)
            if isinstance(found, Refused):
                return found
            at = found
        told = yield [
            *((terms.factory, calldata(reading.KINDS, int(each, 16))) for each in (at, base)),
            (terms.factory, calldata(reading.COINS, int(base, 16))),
            (base, PRECISE),
            *reading.calls(at),
            *reading.calls(base),
        ]
        kinds, below = (tuple(answered_list(answer, terms.factory)) for answer in told[:2])
        coins = tuple(map(address_word, answered_list(told[2], terms.factory)))
        part = 4 + len(reading.calls(at))
        own, lower = reading.state_of(told[4:part], at, kinds), reading.state_of(told[part:], base, below)
        if not len(coins) == len(lower.balances) == len(lower.rates) or len(own.balances) != 2 or len(own.rates) != 2:
            return Refused(f"{len(own.balances)} balances over {len(lower.balances)} of {len(coins)} coins below")
        tokens = pool.tokens[0], base, *coins
        if len(set(tokens)) != len(tokens):
            return Refused("its own coin is one of its base pool's")
        a = answered(told[3], 1, base)[0]
        still = msgspec.structs.replace(lower, initial_a=a, future_a=a, future_a_time=0)
        if lower.total_supply and (worth := stable_ng.virtual_price(still, 0)) != own.rates[1]:
            return Refused(f"it takes a share for {own.rates[1]}, its base pool's is worth {worth}")
        known = StableSwapTerms(terms.factory, terms.fee, kinds)
        fee_pips = own.fee * PIPS // FEE_UNIT
        learned = Pool(at, self.name, pool.protocol, tokens, fee_pips, terms=known, below=base)
        return Learned(learned, _bare(StableNgMeta(own, lower)))

    def curve(self, pool: Pool, state: PoolState, token_in: Address, token_out: Address, timestamp: int) -> FloatCurve:
        variant, i, j = self.detail(pool, token_in, token_out)
        own = stable_ng_meta.current(_own(pool, state), timestamp)
        if not variant:
            return curve_of(own.meta, i, j, timestamp)
        base = own.base
        xp, a = scaled(base.balances, base.rates), base.amplification(timestamp)
        below = share_curve(
            base.balances, base.rates, stable_ng.invariant(xp, a), a / A_UNIT * len(xp), base.fee, base.total_supply,
            (i - 1, j - 1),
        )  # fmt: skip
        between = curve_of(own.meta, 1 if i else 0, 0 if i else 1, timestamp)
        return Chained(below, between) if i else Chained(between, below)

    def holdings(self, pool: Pool, state: PoolState) -> tuple[int, ...]:
        own = _own(pool, state)
        return held(own.meta.balances, own.base.balances, own.base.rates)

    def _exchange(
        self, pool: Pool, state: PoolState, detail: tuple[int, int, int], amount: int, now: int
    ) -> tuple[int, PoolState]:
        own, (variant, i, j) = _own(pool, state), detail
        full = StableNgMeta(events.whole(own.meta, now), events.whole(own.base, now))
        rule = stable_ng_meta.exchange_underlying if variant else stable_ng_meta.exchange
        paid, after = rule(full, i, j, amount, now)
        return paid, _bare(after)


def _bare(state: StableNgMeta) -> StableNgMeta:
    meta = msgspec.structs.replace(state.meta, rates=(state.meta.rates[0], ONE))
    return StableNgMeta(events.bare(meta), events.bare(state.base))


def _own(pool: Pool, state: PoolState) -> StableNgMeta:
    if not isinstance(state, StableNgMeta) or not isinstance(state.base, StableNgPool):
        raise ChainDataError(f"pool {pool.address} of family {pool.family} does not match its state")
    return state
