"""Values read back from the journal: what is open, what was earned, and where things stand."""

import msgspec

from tallyio.core.trade import Bundle, Opportunity, Outcome, Proof
from tallyio.core.units import Address, Hash32
from tallyio.journal.accounts import UNATTRIBUTED
from tallyio.journal.log import JournalReader
from tallyio.journal.records import BreakerState, NoncesReleased, NoncesReserved, NoncesRestored, PredictionError

FINAL = frozenset({"landed", "dropped", "reverted"})
"""Outcomes that settle a transaction; ``reorged`` opens it again."""


class Exposure(msgspec.Struct, frozen=True):
    """What is out: bundles without an outcome, their transactions of ours, and what they would net together."""

    bundles: int
    transactions: int
    predicted_net_wei: int


class StrategyProfit(msgspec.Struct, frozen=True):
    """What a strategy's mined transactions made: ``net_wei`` = gross - bid - gas."""

    strategy: str
    landed: int
    reverted: int
    gross_wei: int
    bid_wei: int
    gas_wei: int

    @property
    def net_wei(self) -> int:
        return self.gross_wei - self.bid_wei - self.gas_wei


def outcomes(journal: JournalReader) -> dict[tuple[str, Hash32], Outcome]:
    """(bundle, transaction) -> its latest outcome; a transaction may be in several bundles and lands in one."""
    return {(entry.record.bundle_id, entry.record.tx_hash): entry.record for entry in journal.read(Outcome)}


def open_bundles(journal: JournalReader, since_target_block: int = 0) -> list[Bundle]:
    """Bundles for ``since_target_block`` or later with a transaction of ours whose end is unknown, oldest first."""
    clause = "WHERE kind = 'Bundle' AND block_number >= ? ORDER BY seq"
    bundles = {entry.record.id: entry.record for entry in journal.select(clause, [since_target_block])}
    return [b for b in bundles.values() if any(not _settled(journal, b.id, tx_hash) for tx_hash in b.own)]


def _settled(journal: JournalReader, bundle_id: str, tx_hash: Hash32) -> bool:
    latest = {entry.record.bundle_id: entry.record.status for entry in journal.linked(tx_hash, Outcome)}
    return latest.get(bundle_id) in FINAL or "landed" in latest.values() or "reverted" in latest.values()


def exposure(journal: JournalReader, since_target_block: int = 0) -> Exposure:
    """Bundles that share a transaction (a plan and its alternatives) count it once."""
    bundles = open_bundles(journal, since_target_block)
    net = {hash_: wei for b in bundles for hash_, wei in zip(b.own, b.predicted_net_wei, strict=True)}
    return Exposure(len(bundles), len(net), sum(net.values()))


def strategy_of(journal: JournalReader, tx_hash: Hash32) -> str:
    """The strategy whose opportunity ``tx_hash`` takes, found through its bundle; empty when the journal has none."""
    for entry in journal.linked(tx_hash, Bundle):
        bundle: Bundle = entry.record
        opportunity_id = bundle.opportunity_ids[bundle.own.index(tx_hash)]
        for found in journal.linked(opportunity_id, Opportunity):
            strategy: str = found.record.strategy
            return strategy
    return ""


def realised_profit(journal: JournalReader) -> dict[str, StrategyProfit]:
    """Strategy -> what its transactions made, by their latest outcomes; those lost in a reorganisation do not count."""
    strategies = {entry.record.id: entry.record.strategy for entry in journal.read(Opportunity)}
    found: dict[str, StrategyProfit] = {}
    for outcome in outcomes(journal).values():
        if outcome.status not in ("landed", "reverted"):
            continue
        name = strategies.get(outcome.opportunity_id, UNATTRIBUTED)
        was = found.get(name, StrategyProfit(name, 0, 0, 0, 0, 0))
        found[name] = StrategyProfit(
            strategy=name,
            landed=was.landed + (outcome.status == "landed"),
            reverted=was.reverted + (outcome.status == "reverted"),
            gross_wei=was.gross_wei + outcome.gross_wei,
            bid_wei=was.bid_wei + outcome.bid_wei,
            gas_wei=was.gas_wei + outcome.gas_cost_wei,
        )
    return found


def prediction_error(journal: JournalReader, outcome: Outcome) -> PredictionError | None:
    """How far off the last simulation of ``outcome``'s trade was; None where it did not land or has none."""
    if outcome.status != "landed":
        return None
    proof = next(iter(reversed([entry.record for entry in journal.linked(outcome.opportunity_id, Proof)])), None)
    return (
        None
        if proof is None
        else PredictionError(outcome.gas_used - proof.gas_used, outcome.gross_wei - proof.gross_wei)
    )


def prediction_errors(journal: JournalReader, most: int) -> list[PredictionError]:
    """Of the newest landings, at most ``most``, oldest first. One that a reorganisation took back counts: the chain
    had executed it."""
    found: list[PredictionError] = []
    for entry in journal.select("WHERE kind = 'Outcome' ORDER BY seq DESC", []):
        if len(found) == most:
            break
        if error := prediction_error(journal, entry.record):
            found.append(error)
    return found[::-1]


def breaker_state(journal: JournalReader) -> BreakerState:
    """The breaker as last journaled; closed in a new journal."""
    entry = journal.latest(BreakerState)
    return entry.record if entry else BreakerState()


def open_reservations(journal: JournalReader, owner: Address) -> list[NoncesReserved]:
    """Plans whose nonces were reserved and not released, by first nonce."""
    restored = next(
        (
            entry
            for entry in journal.select("WHERE kind = 'NoncesRestored' ORDER BY seq DESC", [])
            if entry.record.owner == owner
        ),
        None,
    )
    snapshot: NoncesRestored | None = restored.record if restored else None
    found = {r.plan_id: r for r in snapshot.open} if snapshot else {}
    since = restored.seq if restored else 0
    clause = "WHERE kind IN ('NoncesReserved', 'NoncesReleased') AND seq > ? ORDER BY seq"
    for entry in journal.select(clause, [since]):
        record: NoncesReserved | NoncesReleased = entry.record
        if record.owner != owner:
            continue
        if isinstance(record, NoncesReserved):
            found[record.plan_id] = record
        else:
            found.pop(record.plan_id, None)
    return sorted(found.values(), key=lambda r: r.first)
