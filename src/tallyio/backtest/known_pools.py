"""The pools that a searcher could price from what an archived block's pre-state holds."""

from collections.abc import Iterable
from typing import Final

import msgspec

from tallyio.backtest.factories import Factory
from tallyio.backtest.known_ticks import known_state
from tallyio.backtest.questions import ask, signed
from tallyio.core.pools import V2, V3, Pool, PoolState, V2State
from tallyio.core.units import Address
from tallyio.simulation.block_execution import BlockExecution

TOKEN0: Final = bytes.fromhex("0dfe1681")
TOKEN1: Final = bytes.fromhex("d21220a7")
FEE: Final = bytes.fromhex("ddca3f43")
TICK_SPACING: Final = bytes.fromhex("d0c93a7c")
GET_RESERVES: Final = bytes.fromhex("0902f1ac")

PROTOCOL_UNKNOWN: Final = "protocol unknown"
STATE_UNKNOWN: Final = "state unknown"


class KnownPools(msgspec.Struct, frozen=True):
    """``left`` are contracts that have a pool's tokens and are not usable, with the reason."""

    pools: dict[Address, Pool]
    states: dict[Address, PoolState]
    left: dict[Address, str]


def known_pools(execution: BlockExecution, factories: Iterable[Factory]) -> KnownPools:
    """Every pool of ``factories`` whose contract the pre-state holds, as of where ``execution`` stands.

    A pool is one of them only when its address follows from its tokens (and fee) and the factory. One whose state the
    block does not hold is left out, never guessed.
    """
    factories = tuple(factories)
    known = KnownPools({}, {}, {})
    pre_state = execution.block.pre_state
    for at in sorted(pre_state.accounts) if pre_state else ():
        if not execution.code(at):
            continue
        tokens = [ask(execution, at, TOKEN0), ask(execution, at, TOKEN1)]
        if tokens[0] is None or tokens[1] is None:
            continue
        token0, token1 = (Address(f"0x{each[0]:040x}") for each in tokens if each)
        pool = _pool(execution, at, token0, token1, factories)
        if pool is None:
            known.left[at] = PROTOCOL_UNKNOWN
            continue
        state = _state(execution, pool)
        if state is None:
            known.left[at] = STATE_UNKNOWN
            continue
        known.pools[at], known.states[at] = pool, state
    return known


def _pool(
    execution: BlockExecution, at: Address, token0: Address, token1: Address, factories: tuple[Factory, ...]
) -> Pool | None:
    fee, spacing = ask(execution, at, FEE), ask(execution, at, TICK_SPACING)
    for each in factories:
        found = each.deployment
        if found.family == V2 and each.pair(token0, token1) == at:
            return Pool(at, V2, found.protocol, token0, token1, found.fee_pips)
        if found.family == V3 and fee and spacing and each.pool(token0, token1, fee[0]) == at:
            return Pool(at, V3, found.protocol, token0, token1, fee[0], signed(spacing[0]))
    return None


def _state(execution: BlockExecution, pool: Pool) -> PoolState | None:
    if pool.family == V3:
        return known_state(execution, pool)
    reserves = ask(execution, pool.address, GET_RESERVES)
    return None if reserves is None else V2State(reserves[0], reserves[1])
