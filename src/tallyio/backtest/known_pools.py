"""The pools that a searcher could price from what an archived block's pre-state holds."""

from typing import Final

import msgspec

from tallyio.backtest.exchanges import Exchanges
from tallyio.backtest.factories import Factory
from tallyio.backtest.known_ticks import known_state
from tallyio.backtest.questions import ask, missing, signed
from tallyio.core.pools import PANCAKE_V3, V2, V3, Pool, PoolState, V2State
from tallyio.core.units import Address
from tallyio.simulation.block_execution import BlockExecution

TOKEN0: Final = bytes.fromhex("0dfe1681")
TOKEN1: Final = bytes.fromhex("d21220a7")
FEE: Final = bytes.fromhex("ddca3f43")
TICK_SPACING: Final = bytes.fromhex("d0c93a7c")
FACTORY: Final = bytes.fromhex("c45a0155")
GET_PAIR: Final = bytes.fromhex("e6a43905")
GET_POOL: Final = bytes.fromhex("1698ee82")
GET_RESERVES: Final = bytes.fromhex("0902f1ac")
SLOT0: Final = bytes.fromhex("3850c7bd")

PROTOCOL_UNKNOWN: Final = "protocol unknown"
STATE_UNKNOWN: Final = "state unknown"
TOKENS_UNKNOWN: Final = "tokens unknown"

BY_ADDRESS: Final = "CREATE2"
BY_FACTORY: Final = "factory"
"""How a pool is proved to be an exchange's: by its own address, or by what the factory's storage answers."""

WITH_TICKS = (V3, PANCAKE_V3)
"""Families whose pools are found, proved and read alike."""


class KnownPools(msgspec.Struct, frozen=True):
    """``left`` are contracts that answer as pools do and are not usable, with the reason. ``proved`` says how each of
    ``pools`` is known to be its exchange's."""

    pools: dict[Address, Pool]
    states: dict[Address, PoolState]
    left: dict[Address, str]
    proved: dict[Address, str] = {}


NO_POOLS: Final = KnownPools({}, {}, {})


def known_pools(execution: BlockExecution, exchanges: Exchanges) -> KnownPools:
    """Every pool of ``exchanges`` whose contract the pre-state holds, as of where ``execution`` stands.

    A pool is one of them only when its address follows from its tokens (and fee) and the factory, or when the factory
    names it. One whose state the block does not hold is left out, never guessed.
    """
    known = KnownPools({}, {}, {}, {})
    pre_state = execution.block.pre_state
    for at in sorted(pre_state.accounts) if pre_state else ():
        if not execution.code(at):
            continue
        tokens = [ask(execution, at, TOKEN0), ask(execution, at, TOKEN1)]
        if tokens[0] is None or tokens[1] is None:
            if _is_silent_pool(execution, at):
                known.left[at] = TOKENS_UNKNOWN
            continue
        token0, token1 = (Address(f"0x{each[0]:040x}") for each in tokens if each)
        if not len(token0) == len(token1) == len(at):
            continue
        found = _pool(execution, at, token0, token1, exchanges)
        if found is None:
            known.left[at] = PROTOCOL_UNKNOWN
            continue
        pool, proof = found
        state = state_of(execution, pool)
        if state is None:
            known.left[at] = STATE_UNKNOWN
            continue
        known.pools[at], known.states[at], known.proved[at] = pool, state, proof
    return known


def state_of(execution: BlockExecution, pool: Pool) -> PoolState | None:
    """As of where ``execution`` stands; None where the archive lacks what it is made of."""
    if pool.family in WITH_TICKS:
        return known_state(execution, pool)
    reserves = ask(execution, pool.address, GET_RESERVES)
    return None if reserves is None or len(reserves) < 2 else V2State(reserves[0], reserves[1])


def _is_silent_pool(execution: BlockExecution, at: Address) -> bool:
    """Whether it is a pool of which the block read the price alone."""
    if not (missing(execution, at, TOKEN0) or missing(execution, at, TOKEN1)):
        return False
    words = ask(execution, at, GET_RESERVES) or ask(execution, at, SLOT0)
    return words is not None and len(words) >= 3


def _pool(
    execution: BlockExecution, at: Address, token0: Address, token1: Address, exchanges: Exchanges
) -> tuple[Pool, str] | None:
    fee, spacing = ask(execution, at, FEE), ask(execution, at, TICK_SPACING)
    named = ask(execution, at, FACTORY)
    for each in exchanges.factories:
        pool = _of(each, at, token0, token1, fee, spacing)
        if pool is None:
            continue
        if (each.pair(token0, token1) if pool.family == V2 else each.pool(token0, token1, pool.fee_pips)) == at:
            return pool, BY_ADDRESS
        if named and named[0] == int(each.deployment.factory, 16) and _names(execution, each, pool):
            return pool, BY_FACTORY
    return None


def _of(
    factory: Factory, at: Address, token0: Address, token1: Address, fee: list[int] | None, spacing: list[int] | None
) -> Pool | None:
    """The contract as a pool of ``factory``, if it is one."""
    found = factory.deployment
    if found.family == V2:
        return Pool(at, V2, found.protocol, (token0, token1), found.fee_pips)
    if found.family in WITH_TICKS and fee and spacing and fee[0] < 1_000_000:
        return Pool(at, found.family, found.protocol, (token0, token1), fee[0], signed(spacing[0]))
    return None


def _names(execution: BlockExecution, factory: Factory, pool: Pool) -> bool:
    words = [int(pool.token0, 16), int(pool.token1, 16)]
    call = GET_PAIR if pool.family == V2 else GET_POOL
    if pool.family in WITH_TICKS:
        words.append(pool.fee_pips)
    answer = ask(execution, factory.deployment.factory, call + b"".join(word.to_bytes(32) for word in words))
    return answer is not None and answer[0] == int(pool.address, 16)
