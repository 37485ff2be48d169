"""Exact swaps of a pool by its compiled row, the Python model where that leaves the kernels' words."""

from typing import NamedTuple

from tallyio.core.errors import ChainDataError
from tallyio.hot_path.kernels.rows import Row, input_for, quote
from tallyio.protocols.dex.compiled.flows import flow_of
from tallyio.protocols.dex.model import PoolExchange


class CompiledExchange(NamedTuple):
    """A ``sizing.Exchange``; ``i`` and ``j`` are the tokens in and out by their places in ``row``, ``doubles`` the row
    that points to an input."""

    model: PoolExchange
    doubles: Row
    row: Row
    i: int
    j: int

    def output_of(self, amount_in: int) -> int:
        try:
            return quote(self.row, self.i, self.j, amount_in) or 0
        except ChainDataError:
            return self.model.output_of(amount_in)

    def input_for(self, amount_out: int) -> int:
        try:
            return input_for(self.doubles, self.row, self.i, self.j, amount_out) or 0
        except ChainDataError:
            return self.model.input_for(amount_out)

    def least_input(self, amount_out: int) -> int:
        return self.input_for(amount_out)


def exchange_of(model: PoolExchange) -> PoolExchange | CompiledExchange:
    """Compiled where the pool has an exact row with both tokens."""
    flow = flow_of(*model[:2], model.timestamp, model.token_in, model.token_out)
    if flow is None or flow.exact is None:
        return model
    return CompiledExchange(model, flow.row, flow.exact, flow.i, flow.j)
