"""An independent, plain-Python answer to "what was takeable?", for judging the searcher by.

It shares no code with the detector: its pool and lending arithmetic, its search and its reading of the chain are
written anew from the protocols' papers and contracts, it imports only ``core``, and it reads the pools and markets
themselves by view calls instead of following events.

Takeable at a block N is a greedy list. On the state after block N, which is what a bundle at the top of block N+1
meets, the opportunity with the greatest net value is found, counted if that value is above the minimum profit, its
effect is applied, and so on until none is left. Net value is the WETH gained minus the gas model at the base fee of
block N+1. The opportunities are

* every directed cycle of two and three hops over all pools, with the best input. A cycle with WETH starts and ends
  in it; one without is taken in the best of its tokens, and the profit is swapped to WETH by the best single pool;
* every account of a lending market whose health factor is below one at the timestamp of block N+1, with the best
  collateral and (different) debt asset, amount, and way: the debt is bought by selling the collateral over one pool
  or two, and the rest of the collateral is swapped to WETH by one pool.

Pools of tokens that take a fee on transfer are left out and counted.
"""

from tallyio.reports.exhaustive.check import ExhaustiveCheck, Scope
from tallyio.reports.exhaustive.discovery import Factory
from tallyio.reports.exhaustive.records import BlockTakeable, GasModel, Takeable

__all__ = ["BlockTakeable", "ExhaustiveCheck", "Factory", "GasModel", "Scope", "Takeable"]
