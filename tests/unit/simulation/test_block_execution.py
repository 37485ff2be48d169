"""Real blocks: gas, receipts and logs are what their headers and the recorded receipts say."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from tallyio.archive.records import ArchivedBlock, ArchiveError
from tallyio.archive.sources import Source
from tallyio.core.units import Address
from tallyio.simulation.block_execution import BlockExecution
from tallyio.simulation.evm.forks import UnknownForkError
from tallyio.simulation.evm.halt import MissingStateError
from tallyio.simulation.records import CallTx, NotIncludableError
from tallyio.simulation.verification import verify

Shared = Callable[[str], Path]
WETH = Address("0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2")
OURS = Address("0x" + "1234" * 10)
PLACE = Address("0x" + "abcd" * 10)


@pytest.fixture(scope="module")
def source() -> Source:
    return Source()


@pytest.fixture
def swaps(shared_folder: Shared, source: Source) -> ArchivedBlock:
    block = source.read(shared_folder("mainnet-blocks") / "12522062.json.gz")
    assert block is not None
    return block


def test_every_block_of_the_folder(shared_folder: Shared, source: Source) -> None:
    folder = shared_folder("mainnet-blocks")
    checked = 0
    for path in sorted(folder.glob("[0-9]*.json.gz")):
        if path.name.endswith(".expected.json.gz"):
            continue
        block = source.read(path)
        assert block is not None
        assert verify(block).difference == "", path.name
        checked += 1
    assert checked


@pytest.mark.parametrize("number", [12244000, 17034869, 19923400])
def test_every_transaction_s_gas_and_logs(shared_folder: Shared, source: Source, number: int) -> None:
    folder = shared_folder("mainnet-blocks")
    block = source.read(folder / f"{number}.json.gz")
    assert block is not None
    execution = BlockExecution(block)
    for told in json.loads(gzip.decompress((folder / f"{number}.expected.json.gz").read_bytes())):
        done = execution.step()
        logs = [[log.address, list(log.topics), "0x" + log.data.hex()] for log in done.logs]
        assert (done.gas_used, logs) == (told["gasUsed"], told["logs"])


def test_a_missing_slot_is_named(swaps: ArchivedBlock) -> None:
    state = swaps.pre_state
    assert state is not None
    weth = state.accounts[WETH]
    lost = next(iter(weth.slots))
    poorer = {slot: value for slot, value in weth.slots.items() if slot != lost}
    accounts = state.accounts | {WETH: msgspec.structs.replace(weth, slots=poorer)}
    broken = msgspec.structs.replace(swaps, pre_state=msgspec.structs.replace(state, accounts=accounts))
    with pytest.raises(MissingStateError) as caught:
        BlockExecution(broken).finish()
    assert (caught.value.account, caught.value.slot) == (WETH, lost)
    assert WETH in str(caught.value)
    assert f"{lost:#066x}" in str(caught.value)
    assert f"{lost:#066x}" in verify(broken).difference


def test_a_missing_account_is_named(swaps: ArchivedBlock) -> None:
    state = swaps.pre_state
    assert state is not None
    accounts = {at: each for at, each in state.accounts.items() if at != WETH}
    broken = msgspec.structs.replace(swaps, pre_state=msgspec.structs.replace(state, accounts=accounts))
    assert WETH in verify(broken).difference


def test_reverting_takes_everything_back(swaps: ArchivedBlock) -> None:
    execution = BlockExecution(swaps)
    execution.run_to(5)
    place = execution.snapshot()
    execution.finish()
    root = execution.receipts_root()
    execution.revert(place)
    assert execution.position == 5
    execution.set_balance(OURS, 10**18)
    execution.send(CallTx(sender=OURS, to=PLACE, data=b"", gas_limit=100_000, value_wei=10**17, max_fee_wei=1))
    execution.revert(place)
    assert execution.balance(OURS) == 0
    execution.finish()
    assert execution.receipts_root() == root == swaps.header.receipts_root  # type: ignore[union-attr]


def test_own_code_and_transactions_at_a_place(swaps: ArchivedBlock) -> None:
    execution = BlockExecution(swaps)
    execution.run_to(3)
    execution.set_balance(OURS, 10**18)
    # stores the call's value at slot 7 and returns the block's number
    execution.set_code(PLACE, bytes.fromhex("3460075543600052" + "60206000f3"))
    sent = execution.send(
        CallTx(sender=OURS, to=PLACE, data=b"", gas_limit=100_000, value_wei=5, max_fee_wei=9, priority_fee_wei=9)
    )
    assert sent.success
    assert int.from_bytes(sent.output) == swaps.number
    assert sent.gas_used == 21_000 + 22_100 + 2 + 3 + 2 + 3 + 6 + 3 + 3
    assert sent.fee_wei == 9 * sent.gas_used
    assert (execution.storage(PLACE, 7), execution.balance(PLACE), execution.nonce(OURS)) == (5, 5, 1)
    asked = execution.call(PLACE, b"", OURS)
    assert asked.success
    assert execution.storage(PLACE, 7) == 5
    assert execution.position == 3


def test_what_no_block_could_hold_changes_nothing(swaps: ArchivedBlock) -> None:
    execution = BlockExecution(swaps)
    with pytest.raises(NotIncludableError, match="its balance is 0"):
        execution.send(CallTx(sender=OURS, to=WETH, data=b"", gas_limit=50_000, value_wei=1))
    with pytest.raises(NotIncludableError, match="nonce"):
        execution.send(CallTx(sender=OURS, to=WETH, data=b"", gas_limit=50_000, nonce=4))
    with pytest.raises(NotIncludableError, match="its data alone"):
        execution.send(CallTx(sender=OURS, to=WETH, data=b"", gas_limit=20_999))
    execution.finish()
    assert execution.receipts_root() == swaps.header.receipts_root  # type: ignore[union-attr]


def test_unknown_rules_are_refused_by_name(swaps: ArchivedBlock) -> None:
    with pytest.raises(UnknownForkError, match="'amsterdam'"):
        BlockExecution(swaps, rules="amsterdam")
    with pytest.raises(UnknownForkError, match="chain 137"):
        BlockExecution(msgspec.structs.replace(swaps, chain_id=137))
    header = swaps.header
    assert header is not None
    early = msgspec.structs.replace(swaps, number=7_280_000, header=msgspec.structs.replace(header, number=7_280_000))
    with pytest.raises(UnknownForkError, match="'petersburg'"):
        BlockExecution(early)


def test_a_block_of_traces_alone_is_not_executed(swaps: ArchivedBlock) -> None:
    traced = msgspec.structs.replace(swaps, pre_state=None)
    with pytest.raises(ArchiveError, match="traces alone"):
        BlockExecution(traced)
    assert not verify(traced).executed
