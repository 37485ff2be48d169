"""A pool's float curve by its compiled row, by the Python model where it has none."""

from typing import NamedTuple

from tallyio.hot_path.curve import FloatCurve
from tallyio.hot_path.kernels.rows import Row, slope
from tallyio.protocols.dex.compiled.flows import flow_of
from tallyio.protocols.dex.model import PoolExchange, curve


class RowCurve(NamedTuple):
    """A ``FloatCurve``; ``i`` and ``j`` are the tokens in and out by their places in ``row``."""

    model: PoolExchange
    row: Row
    i: int
    j: int

    @property
    def depth(self) -> float:
        return curve(*self.model).depth

    def output(self, amount_in: float) -> float:
        return slope(self.row, self.i, self.j, amount_in)[0]

    def rate(self, amount_in: float = 0.0) -> float:
        return slope(self.row, self.i, self.j, amount_in)[1]


def curve_of(model: PoolExchange) -> FloatCurve:
    """Raises ``ChainDataError`` where the pool has no curve."""
    flow = flow_of(*model[:2], model.timestamp, model.token_in, model.token_out)
    if flow is None or flow.sampled:
        return curve(*model)
    return RowCurve(model, flow.row, flow.i, flow.j)
