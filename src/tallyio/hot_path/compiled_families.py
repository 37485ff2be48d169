"""Which families' pools the compiled kernels hold, and as what."""

from tallyio.core.errors import ChainDataError
from tallyio.core.pools import PANCAKE_V3, V2, V3, PairState, Pool, PoolState, V2State, V3State
from tallyio.hot_path.state import layout

COMPILED = {V2: layout.V2, V3: layout.V3, PANCAKE_V3: layout.V3}


def is_compiled(pool: Pool) -> bool:
    """Whether records, detector and shared memory can hold the pool; the others take part by their float curves."""
    return pool.family in COMPILED


def compiled_state(pool: Pool, state: PoolState) -> PairState:
    """The state as the kernels hold it. Raises ``ChainDataError`` for one of another family."""
    if isinstance(state, V2State | V3State):
        return state
    raise ChainDataError(f"pool {pool.address} of family {pool.family} is not one that the kernels hold")
