"""What the events of Solidly's pools and of Camelot's pairs do to a pool's state, and what they are read by."""

from collections.abc import Sequence

import msgspec

from tallyio.core.chain import Log
from tallyio.core.errors import ChainDataError
from tallyio.core.units import BPS
from tallyio.protocols.dex.answers import event
from tallyio.protocols.dex.families.solidly_pool import SolidlyPool
from tallyio.protocols.dex.words import unsigned, words

POOL_CREATED = event("PoolCreated(address,address,bool,address,uint256)")
PAIR_CREATED = event("PairCreated(address,address,address,uint256)")
SYNC = event("Sync(uint256,uint256)")
FEES = event("Fees(address,uint256,uint256)")
SWAP = event("Swap(address,address,uint256,uint256,uint256,uint256)")
MINT = event("Mint(address,uint256,uint256)")
CUSTOM_FEE = event("SetCustomFee(address,uint256)")
PAIR_SYNC = event("Sync(uint112,uint112)")
FEE_PERCENT = event("FeePercentUpdated(uint16,uint16)")
STABLE_SWAP = event("SetStableSwap(bool,bool)")
SOLIDLY = frozenset({POOL_CREATED, SYNC, FEES, SWAP, MINT, CUSTOM_FEE})
CAMELOT = frozenset({PAIR_CREATED, PAIR_SYNC, FEE_PERCENT, STABLE_SWAP})
NO_FEE = 420
"""The custom fee that stands for none; 0 stands for the factory's."""


def follow_pool(state: SolidlyPool, logs: Sequence[Log]) -> SolidlyPool | None:
    """A pool of Aerodrome or Velodrome after its events; ``None`` where its fee must be asked for.

    Raises ``ChainDataError`` where a swap took another fee than the known one, or left other reserves than it moved.
    """
    fees, before = (0, 0), state
    for log in logs:
        kind = log.topics[0]
        if kind == SYNC:
            reserve0, reserve1 = words(log, 1, 2)
            before, state = state, msgspec.structs.replace(state, reserve0=reserve0, reserve1=reserve1)
        elif kind == FEES:
            fee0, fee1 = words(log, 2, 2)
            fees = fees[0] + fee0, fees[1] + fee1
        elif kind == SWAP:
            in0, in1, out0, out1 = words(log, 3, 4)
            due = in0 * state.fee0 // BPS, in1 * state.fee1 // BPS
            left = before.reserve0 + in0 - out0 - due[0], before.reserve1 + in1 - out1 - due[1]
            if fees != due or left != (state.reserve0, state.reserve1):
                raise ChainDataError(f"{log.address}: a swap took the fees {fees} and left {left}, expected {due} and "
                                     f"{state.reserve0, state.reserve1}")  # fmt: skip
            fees = 0, 0
        elif kind == MINT:
            state = msgspec.structs.replace(state, total_supply=1)
        elif kind == CUSTOM_FEE:
            (fee,) = words(log, 2, 1)
            if not fee:
                return None
            fee = 0 if fee == NO_FEE else fee
            state = msgspec.structs.replace(state, fee0=fee, fee1=fee)
    return state


def follow_pair(state: SolidlyPool, logs: Sequence[Log]) -> SolidlyPool:
    """Camelot's pair after its events."""
    for log in logs:
        kind = log.topics[0]
        if kind not in (PAIR_SYNC, FEE_PERCENT, STABLE_SWAP):
            continue
        first, second = words(log, 1, 2)
        if kind == PAIR_SYNC:
            state = msgspec.structs.replace(state, reserve0=unsigned(first, 112), reserve1=unsigned(second, 112))
        elif kind == FEE_PERCENT:
            state = msgspec.structs.replace(state, fee0=unsigned(first, 16), fee1=unsigned(second, 16))
        else:
            state = msgspec.structs.replace(state, stable=bool(second))
    return state
