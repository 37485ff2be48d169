"""Our executor contract in an archived state, and what the chain pays for a route there."""

from functools import cache
from typing import Final

import msgspec

from tallyio.core.errors import ChainDataError, TallyError
from tallyio.core.executor_events import executed
from tallyio.core.trade import Route
from tallyio.core.units import ETHER, Address
from tallyio.execution.artifact import executor_artifact, executor_errors
from tallyio.execution.plan import execute_calldata
from tallyio.hot_path.hashes.digest import keccak256
from tallyio.simulation.block_execution import BlockExecution
from tallyio.simulation.evm.halt import MissingStateError
from tallyio.simulation.records import CallTx
from tallyio.simulation.revert import Errors

OWNER: Final = Address("0x" + keccak256(b"tallyio replay owner")[12:].hex())
EXECUTOR: Final = Address("0x" + keccak256(b"tallyio replay executor")[12:].hex())
_RULES = "cancun"
"""The executor's own instructions; the contracts that it calls keep those of the block."""
_GAS = 3_000_000
_OURS: Final = (int(OWNER, 16), int(EXECUTOR, 16))
_LARGEST_STRUCT = 16
"""Slots of a mapping's value that are looked at."""


class Paid(msgspec.Struct, frozen=True):
    """``gross_wei`` is the executor's gain in WETH as its event tells, before ``bid_wei`` of it went to the proposer;
    ``gas_wei`` is at the block's base fee and the tip.

    ``reason`` is empty where it succeeded; ``unknown`` marks a run that needed state which the archive lacks.
    """

    gross_wei: int
    gas_used: int
    gas_wei: int
    reason: str = ""
    unknown: bool = False
    bid_wei: int = 0


def place(execution: BlockExecution, weth: Address) -> None:
    """The executor's code and an owner with ether for gas, at addresses that no one has a key to."""
    artifact = executor_artifact()
    code = bytearray(artifact.runtime_code)
    for name, value in (("owner", OWNER), ("operator", OWNER), ("weth", weth)):
        for offset in artifact.immutables[name]:
            code[offset : offset + 32] = int(value, 16).to_bytes(32)
    execution.set_code(EXECUTOR, bytes(code), _RULES)
    execution.set_balance(OWNER, 100 * ETHER)


def run(
    execution: BlockExecution, route: Route, *, min_profit_wei: int = 0, bid_wei: int = 0, tip_wei: int = 0
) -> Paid:
    """What ``route`` brings here, on the terms that the executor is called with, ``tip_wei`` paid for each gas.

    Nothing of it is kept but slots that are known to be zero.

    A slot of a mapping under the executor's or the owner's address is zero: no one ever held these keys or wrote under
    them. Any other slot that the archive lacks ends the run as ``unknown``.
    """
    header = execution.block.header
    price = (header.base_fee_wei or 0) if header else 0
    try:
        data = execute_calldata(route, min_profit_wei, bid_wei)
    except TallyError as error:
        return Paid(0, 0, 0, f"the executor cannot be told: {error.message}")
    tx = CallTx(
        sender=OWNER, to=EXECUTOR, data=data, gas_limit=_GAS, max_fee_wei=price + tip_wei, priority_fee_wei=tip_wei
    )
    own = OwnSlots()
    execution.note_hashes(own.hashed)
    try:
        return _run(execution, tx, own)
    finally:
        execution.note_hashes(None)


def _run(execution: BlockExecution, tx: CallTx, own: "OwnSlots") -> Paid:
    while True:
        start = execution.snapshot()
        try:
            ran = execution.send(tx)
        except MissingStateError as error:
            execution.revert(start)
            if error.slot is None or not own.holds(error.slot):
                return Paid(0, 0, 0, error.message, unknown=True)
            execution.set_storage(Address(error.account), error.slot, 0)
            continue
        except ChainDataError as error:
            execution.revert(start)
            return Paid(0, 0, 0, error.message)
        execution.revert(start)
        if not ran.success:
            reason = _errors().explain(ran.output) if ran.output else ran.revert_reason
            return Paid(0, ran.gas_used, ran.fee_wei, reason or "reverted")
        gained, bid = executed(ran.logs, EXECUTOR) or (0, 0)
        return Paid(gained, ran.gas_used, ran.fee_wei, bid_wei=bid)


@cache
def _errors() -> Errors:
    return Errors(executor_errors())


class OwnSlots:
    """Which slots of others' storage are made of our addresses: mappings that hold something under them, nested ones
    and those of structs included. Whatever the layout, each such slot was hashed from one of the addresses, or from a
    hash that was."""

    def __init__(self) -> None:
        self.hashed: dict[int, bytes] = {}

    def holds(self, slot: int) -> bool:
        return any(self._is_own(slot - place) for place in range(_LARGEST_STRUCT))

    def _is_own(self, word: int) -> bool:
        data = self.hashed.get(word)
        if data is None:
            return False
        words = [int.from_bytes(data[i : i + 32]) for i in range(0, len(data), 32)]
        return any(each in _OURS or (each != word and self._is_own(each)) for each in words)
