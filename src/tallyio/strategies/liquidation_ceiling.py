"""What a liquidation can gain at most: its amounts at the pools' marginal rates, as if they never moved."""

from tallyio.core.units import Address
from tallyio.market.view import MarketView
from tallyio.strategies.liquidation_ways import Pairs


class Ceiling:
    """On one view. Trading only ever worsens a rate, so no way through at most two pools gains more."""

    def __init__(self, view: MarketView, pairs: Pairs) -> None:
        self._view, self._pairs = view, pairs
        self._direct: dict[tuple[Address, Address], float] = {}
        self._known: dict[tuple[Address, Address], float] = {}

    def gain(self, collateral: Address, debt: Address, paid: float, received: float) -> float:
        """Wrapped ether, an upper bound."""
        weth = self._view.weth
        sold = 1.0 if collateral == weth else self._rate(collateral, weth)
        if collateral == debt:
            return (received - paid) * sold
        bought = self._rate(collateral, debt)
        rest = (received - paid / bought) * sold if bought else float("-inf")
        if debt == weth:
            return max(rest, received * sold - paid)
        through = self._one(weth, debt)
        everything = received * self._one(collateral, weth) - paid / through if through else float("-inf")
        return max(rest, everything)

    def _rate(self, sold: Address, bought: Address) -> float:
        """The best marginal rate over one pool or two."""
        known = self._known.get((sold, bought))
        if known is None:
            through = (self._one(sold, m) * self._one(m, bought) for m in self._pairs.between(sold, bought))
            known = self._known[sold, bought] = max(self._one(sold, bought), *through, 0.0)
        return known

    def _one(self, sold: Address, bought: Address) -> float:
        known = self._direct.get((sold, bought))
        if known is None:
            view = self._view
            edges = self._pairs.edges(sold, bought)
            known = self._direct[sold, bought] = max((float(view.rates[edge]) for edge in edges), default=0.0)
        return known
