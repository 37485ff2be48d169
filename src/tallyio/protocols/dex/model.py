"""What a swap does to a pool, whatever its family: exact amounts and the state that it leaves."""

from typing import NamedTuple

from tallyio.core.errors import ChainDataError
from tallyio.core.pools import Pool, PoolState
from tallyio.core.units import Address
from tallyio.hot_path.curve import FloatCurve
from tallyio.protocols.dex.family import SwapResult
from tallyio.protocols.dex.siblings import family_of


def swap(
    pool: Pool,
    state: PoolState,
    token_in: Address,
    token_out: Address,
    amount: int,
    timestamp: int,
    *,
    exact_out: bool = False,
) -> SwapResult:
    """Swaps ``amount`` of ``token_in`` (or for ``amount`` of ``token_out`` when ``exact_out``) at ``timestamp``.

    Raises ``ChainDataError`` when the pool cannot fill it whole: no liquidity, a reserve beyond its type, nothing out,
    tokens that it does not trade.
    """
    if token_in == token_out or token_in not in pool.tokens or token_out not in pool.tokens:
        raise ChainDataError(f"pool {pool.address} does not trade {token_in} for {token_out}")
    return family_of(pool).swap(pool, state, token_in, token_out, amount, timestamp, exact_out=exact_out)


def curve(pool: Pool, state: PoolState, token_in: Address, token_out: Address, timestamp: int) -> FloatCurve:
    """Raises ``ChainDataError`` where the pool has no curve."""
    return family_of(pool).curve(pool, state, token_in, token_out, timestamp)


class PoolExchange(NamedTuple):
    """A ``sizing.Exchange`` of any family's pool."""

    pool: Pool
    state: PoolState
    token_in: Address
    token_out: Address
    timestamp: int

    def output_of(self, amount_in: int) -> int:
        try:
            return self._swap(amount_in).amount_out
        except ChainDataError:
            return 0

    def input_for(self, amount_out: int) -> int:
        try:
            return self._swap(amount_out, exact_out=True).amount_in
        except ChainDataError:
            return self._searched(amount_out)

    def least_input(self, amount_out: int) -> int:
        amount = self.input_for(amount_out)
        return amount - 1 if amount > 1 and self.output_of(amount - 1) >= amount_out else amount

    def _swap(self, amount: int, *, exact_out: bool = False) -> SwapResult:
        return swap(self.pool, self.state, self.token_in, self.token_out, amount, self.timestamp, exact_out=exact_out)

    def _searched(self, amount_out: int) -> int:
        """For contracts that know exact inputs alone: by bisection from where the pool's marginal rate says; outputs
        never fall as inputs grow."""
        try:
            rate = curve(*self).rate()
        except ChainDataError:
            return 0
        low, high = 0, max(int(amount_out / rate), 1) if rate > 0 else 1
        while (out := self.output_of(high)) < amount_out:
            if not out and low:
                return 0
            low, high = high, high * 2
        while high - low > 1:
            middle = (low + high) // 2
            if self.output_of(middle) >= amount_out:
                high = middle
            else:
                low = middle
        return high
