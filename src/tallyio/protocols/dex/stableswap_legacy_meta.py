"""Curve's first meta pools, which keep what a share of the pool below is worth for ten minutes."""

import msgspec

from tallyio.core.chain import Log
from tallyio.core.errors import ChainDataError
from tallyio.core.pools import CURVE_LEGACY_META, Pool, PoolState
from tallyio.core.units import Address
from tallyio.hot_path.curve import FloatCurve
from tallyio.protocols.dex import stableswap_legacy_events as events
from tallyio.protocols.dex.deployments import Deployment
from tallyio.protocols.dex.families import stable_legacy_meta
from tallyio.protocols.dex.families.stable_legacy import StablePool
from tallyio.protocols.dex.families.stable_legacy_meta import StableMeta
from tallyio.protocols.dex.families.stable_math import ONE
from tallyio.protocols.dex.family import Reading
from tallyio.protocols.dex.stableswap_legacy import curve_of, listed
from tallyio.protocols.dex.stableswap_legacy_reading import read
from tallyio.protocols.dex.stableswap_meta import EXCHANGED_UNDERLYING, Chained, MetaFamily, held, share_curve


class StableSwapLegacyMeta(MetaFamily):
    """The state is a ``StableMeta`` whose shares' rate is what is kept of it, or else found of the pool below."""

    name = CURVE_LEGACY_META
    topics = events.TOPICS | {events.LISTED, EXCHANGED_UNDERLYING}

    def discover(self, log: Log, deployment: Deployment) -> Pool | None:
        return listed(log, deployment)

    def read(self, pool: Pool) -> Reading:
        return (yield from read(pool))

    def curve(self, pool: Pool, state: PoolState, token_in: Address, token_out: Address, timestamp: int) -> FloatCurve:
        variant, i, j = self.detail(pool, token_in, token_out)
        own = stable_legacy_meta.current(_own(pool, state), timestamp)
        if not variant:
            return curve_of(own.meta, i, j, timestamp)
        base = own.base
        d, ann = base.invariant(base.balances, timestamp), base.amplification(timestamp) / base.a_unit
        below = share_curve(
            base.balances, base.rates, d, ann * len(base.balances), base.fee, base.total_supply, (i - 1, j - 1)
        )
        between = curve_of(own.meta, 1 if i else 0, 0 if i else 1, timestamp)
        return Chained(below, between) if i else Chained(between, below)

    def holdings(self, pool: Pool, state: PoolState) -> tuple[int, ...]:
        own = _own(pool, state)
        return held(own.meta.balances, own.base.balances, own.base.rates)

    def _exchange(
        self, pool: Pool, state: PoolState, detail: tuple[int, int, int], amount: int, now: int
    ) -> tuple[int, PoolState]:
        variant, i, j = detail
        rule = stable_legacy_meta.exchange_underlying if variant else stable_legacy_meta.exchange
        paid, after = rule(_own(pool, state), i, j, amount, now)
        base = msgspec.structs.replace(after.base, admin_balances=(0,) * len(after.base.balances))
        rates = after.meta.rates[0], ONE
        meta = msgspec.structs.replace(events.bare(after.meta), rates=rates)
        return paid, StableMeta(meta, base, after.cached_price, after.cached_at)


def _own(pool: Pool, state: PoolState) -> StableMeta:
    if not isinstance(state, StableMeta) or not isinstance(state.meta, StablePool):
        raise ChainDataError(f"pool {pool.address} of family {pool.family} does not match its state")
    return state
