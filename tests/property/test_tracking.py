"""The tracker against a model that only knows what lies on the chain, through any order of events and restarts."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tallyio.core.chain import BlockRef, Log
from tallyio.core.executor_events import EXECUTED
from tallyio.core.trade import Bundle, Outcome, Submission
from tallyio.core.units import Address, Hash32
from tallyio.execution.tracking import Receipt, Record, Tracker

EXECUTOR = Address("0x" + "ee" * 20)


def gain(tx: str) -> int:
    return sum(map(ord, tx)) * 10


class Chain(RuleBasedStateMachine):
    """``blocks`` is the canonical chain: each with the transactions of ours in it. Nonces follow one another."""

    def __init__(self) -> None:
        super().__init__()
        self.tracker = Tracker(EXECUTOR)
        self.records: list[Record] = []
        self.blocks: list[tuple[BlockRef, list[str]]] = [(BlockRef(0, Hash32("0"), Hash32(""), 0), [])]
        self.nonce_of: dict[str, int] = {}
        self.told = True
        self.fork = 0
        self.count = 0

    @property
    def head(self) -> BlockRef:
        return self.blocks[-1][0]

    @property
    def next_nonce(self) -> int:
        return sum(len(txs) for _, txs in self.blocks)

    def note(self, outcomes: list[Outcome]) -> None:
        self.records += outcomes

    @rule(ahead=st.integers(1, 3), size=st.integers(1, 3), offset=st.integers(0, 2), status=st.sampled_from("aru"))
    def send(self, ahead: int, size: int, offset: int, status: str) -> None:
        self.count += 1
        hashes = tuple(Hash32(f"t{self.count}.{i}") for i in range(size))
        nonces = tuple(self.next_nonce + offset + i for i in range(size))
        self.nonce_of |= dict(zip(hashes, nonces, strict=True))
        self._send(Bundle(f"b{self.count}", self.head.number + ahead, (), hashes, hashes, nonces, nonces))
        self._answer(Submission(f"b{self.count}", "r", {"a": "accepted", "r": "rejected", "u": "unknown"}[status]))

    @precondition(lambda self: self.nonce_of)
    @rule(data=st.data(), ahead=st.integers(1, 2))
    def send_again(self, data: st.DataObject, ahead: int) -> None:
        self.count += 1
        tx = Hash32(data.draw(st.sampled_from(sorted(self.nonce_of))))
        nonce = (self.nonce_of[tx],)
        self._send(Bundle(f"b{self.count}", self.head.number + ahead, (), (tx,), (tx,), nonce, nonce))

    def _send(self, bundle: Bundle) -> None:
        self.told = False
        self.records.append(bundle)
        self.tracker.sent(bundle)

    def _answer(self, submission: Submission) -> None:
        self.records.append(submission)
        self.tracker.answered(submission)

    @rule(data=st.data(), wanted=st.integers(0, 3), quiet=st.booleans())
    def mine(self, data: st.DataObject, wanted: int, quiet: bool) -> None:
        """A block with some transactions of ours (or a stranger's of the same nonce); ``quiet``: we were not told."""
        txs: list[str] = []
        for _ in range(wanted):
            nonce = self.next_nonce + len(txs)
            due = sorted(tx for tx, n in self.nonce_of.items() if n == nonce)
            txs.append(data.draw(st.sampled_from([*due, f"stranger{nonce}"])))
        number = self.head.number + 1
        ref = BlockRef(number, Hash32(f"{self.fork}.{number}.{len(self.records)}"), self.head.hash, number)
        self.blocks.append((ref, txs))
        self.told = False
        if not quiet:
            self.tell()

    @rule()
    def tell(self) -> None:
        self.told = True
        watched = set(self.tracker.watched())
        receipts = [
            Receipt(Hash32(tx), ref, True, 1, 1, (self._log(tx, ref),))
            for ref, txs in self.blocks
            for tx in txs
            if tx in watched
        ]
        self.note(self.tracker.on_block(self.head, receipts, self.next_nonce))

    def _log(self, tx: str, ref: BlockRef) -> Log:
        return Log(EXECUTOR, (EXECUTED,), gain(tx).to_bytes(32) + bytes(32), ref.number, ref.hash, Hash32(tx), 0, 0)

    @precondition(lambda self: len(self.blocks) > 1)
    @rule(depth=st.integers(1, 3))
    def roll_back(self, depth: int) -> None:
        self.blocks = self.blocks[: max(1, len(self.blocks) - depth)]
        self.fork += 1
        self.note(self.tracker.on_rollback(self.head))
        self.told = False

    @rule()
    def restart(self) -> None:
        self.tracker = Tracker.restore(self.records, EXECUTOR)

    @invariant()
    def outcomes_agree_with_the_chain(self) -> None:
        latest: dict[tuple[str, str], Outcome] = {}
        for record in self.records:
            if isinstance(record, Outcome):
                before = latest.get((record.bundle_id, record.tx_hash))
                if record.status in ("dropped", "reorged"):
                    assert before is None or before.status != record.status  # never said twice
                assert record.status != "reorged" or (before and before.status == "landed")
                latest[record.bundle_id, record.tx_hash] = record
        landed = [outcome for outcome in latest.values() if outcome.status == "landed"]
        on_chain = {tx: ref for ref, txs in self.blocks for tx in txs}
        assert len({outcome.tx_hash for outcome in landed}) == len(landed)  # a transaction earns once
        for outcome in landed:
            assert outcome.block == on_chain[outcome.tx_hash]
            assert outcome.gross_wei == gain(outcome.tx_hash)

    @precondition(lambda self: self.told)
    @invariant()
    def once_told_nothing_is_left_out(self) -> None:
        on_chain = {tx for _, txs in self.blocks for tx in txs} & set(self.nonce_of)
        latest: dict[tuple[str, str], str] = {}
        for record in self.records:
            if isinstance(record, Outcome):
                latest[record.bundle_id, record.tx_hash] = record.status
        assert {tx for (_, tx), status in latest.items() if status == "landed"} == on_chain
        assert not on_chain.intersection(self.tracker.watched())
        for bundle in (record for record in self.records if isinstance(record, Bundle)):
            for tx in bundle.own:
                status = latest.get((bundle.id, tx))
                passed = bundle.target_block <= self.head.number or self.nonce_of[tx] < self.next_nonce
                if passed:
                    assert status in ("landed", "dropped")
                elif status is None:
                    assert bundle in self.tracker.open_bundles()


Chain.TestCase.settings = settings(
    max_examples=100, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestChain = Chain.TestCase
