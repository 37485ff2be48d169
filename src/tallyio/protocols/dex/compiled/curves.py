"""A pool's float curve by its compiled row, by the Python model where it has none."""

from collections.abc import Sequence

from tallyio.hot_path.curve import FixedRate, FloatCurve, PricedCurve
from tallyio.hot_path.kernels.rows import Row, slope, sold_until
from tallyio.protocols.dex.compiled.flows import flow_of
from tallyio.protocols.dex.model import PoolExchange, curve


class RowCurve(PricedCurve):
    """A ``FloatCurve``; ``i`` and ``j`` are the tokens in and out by their places in ``row``."""

    __slots__ = ("i", "j", "model", "row")

    def __init__(self, model: PoolExchange, row: Row, i: int, j: int) -> None:
        self.model, self.row, self.i, self.j = model, row, i, j

    @property
    def depth(self) -> float:
        return curve(*self.model).depth

    def output(self, amount_in: float) -> float:
        return slope(self.row, self.i, self.j, amount_in)[0]

    def rate(self, amount_in: float = 0.0) -> float:
        return slope(self.row, self.i, self.j, amount_in)[1]

    def sold_until(self, price: float) -> Sequence[float]:
        return sold_until(self.row, self.i, self.j, price)


def curve_of(model: PoolExchange) -> FloatCurve:
    """Raises ``ChainDataError`` where the pool has no curve."""
    flow = flow_of(model.pool, model.state, model.timestamp)
    if flow is None or model.token_in not in flow.tokens or model.token_out not in flow.tokens:
        return curve(*model)
    if flow.exact is None and isinstance(fixed := curve(*model), FixedRate):
        return fixed
    return RowCurve(model, flow.row, flow.tokens.index(model.token_in), flow.tokens.index(model.token_out))
