"""From a plan to a block: place, mine, and compare the receipts with the plan."""

from typing import Any

import msgspec

from tallyio.core.units import Address, Hash32
from tallyio.devnet.builder.records import BlockReport, BundleReport, Placed, Plan, StoredBundle


class Mined(msgspec.Struct, frozen=True):
    """A block of ours. ``secret`` was not public before it; ``private`` is the part that came singly."""

    report: BlockReport
    secret: frozenset[Hash32]
    private: frozenset[Hash32]


def broken(plan: Plan, block: dict[str, Any]) -> list[Placed]:
    """Bundles that did not land whole, in order, at the planned place and with the planned success."""
    found = {
        int(receipt["transactionIndex"], 16): (receipt["transactionHash"], receipt["status"] == "0x1")
        for receipt in block["receipts"]
    }
    return [
        placed
        for placed in plan.bundles
        if any(
            found.get(placed.first + i) != (tx.hash, effect.success)
            for i, (tx, effect) in enumerate(zip(placed.bundle.transactions, placed.effects, strict=True))
        )
    ]


def report(
    plan: Plan, excluded: list[tuple[StoredBundle, str]], block: dict[str, Any], dropped: tuple[Hash32, ...]
) -> BlockReport:
    """``excluded`` were in an earlier plan for the same block; ``dropped`` are the blocks that this one replaces."""
    return BlockReport(
        number=int(block["number"], 16),
        hash=Hash32(block["hash"]),
        parent_hash=Hash32(block["parentHash"]),
        timestamp=int(block["timestamp"], 16),
        coinbase=Address(block["miner"].lower()),
        gas_used=int(block["gasUsed"], 16),
        transactions=tuple(Hash32(tx["hash"]) for tx in block["transactions"]),
        bundles=tuple(
            BundleReport(
                placed.bundle.hash,
                tuple(tx.hash for tx in placed.bundle.transactions),
                placed.value_wei,
                placed.bundle.signer,
                placed.bundle.replacement_uuid,
            )
            for placed in plan.bundles
        ),
        failed=tuple((bundle.hash, reason) for bundle, reason in (*excluded, *plan.failed)),
        dropped=dropped,
    )
