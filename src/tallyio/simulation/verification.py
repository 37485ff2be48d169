"""Archived blocks against their headers: is what we execute what the chain executed."""

import msgspec

from tallyio.archive.records import ArchivedBlock
from tallyio.core.errors import TallyError
from tallyio.simulation.block_execution import BlockExecution


class Verified(msgspec.Struct, frozen=True):
    """``difference`` is empty, or names the first one; ``executed`` is false for a block that has traces alone."""

    number: int
    fork: str
    transactions: int
    gas_used: int
    executed: bool
    difference: str


def verify(block: ArchivedBlock) -> Verified:
    """Execute ``block`` and hold gas, receipts root and logs bloom against its header."""
    if block.header is None or block.pre_state is None:
        return Verified(block.number, "", 0, 0, False, "")
    header, count = block.header, len(block.transactions)
    try:
        execution = BlockExecution(block)
    except TallyError as error:
        return Verified(block.number, block.rules, count, 0, False, str(error))
    fork = execution.fork.name.lower()
    try:
        execution.finish()
    except TallyError as error:
        at = f"transaction {execution.position}: {error}"
        return Verified(block.number, fork, count, execution.gas_used, True, at)
    checks = (
        ("gas used", execution.gas_used, header.gas_used),
        ("receipts root", execution.receipts_root(), header.receipts_root),
        ("logs bloom", "0x" + execution.logs_bloom().hex(), "0x" + header.logs_bloom.hex()),
    )
    difference = next((f"{what} is {found}, expected {told}" for what, found, told in checks if found != told), "")
    if difference and execution.absent:
        difference += f"; read as not existing, absent from the pre-state: {', '.join(sorted(execution.absent))}"
    return Verified(block.number, fork, count, execution.gas_used, True, difference)
