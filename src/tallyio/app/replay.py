"""Replaying archived blocks: from paths and settings to results for people and for programs."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from tallyio.archive.opening import archives, executable_blocks
from tallyio.archive.records import ArchivedBlock
from tallyio.backtest.comparison import Row, compare
from tallyio.backtest.exchanges import Exchanges, exchanges_of, read_exchanges
from tallyio.backtest.lost import lost_of
from tallyio.backtest.predictions import validation_of
from tallyio.backtest.records import Proposal, Replayed, ReplaySettings
from tallyio.backtest.replay import replay
from tallyio.config.directory import ConfigDirectory
from tallyio.core.errors import ChainDataError, OperatorError
from tallyio.core.trade import SwapStep
from tallyio.reports.lost_json import as_object as lost_as_object
from tallyio.reports.validation import Validation
from tallyio.reports.why_lost import Loss, Why, losses
from tallyio.risk.limits import Limits
from tallyio.strategies.arbitrage import ArbitrageSettings
from tallyio.strategies.detection import prepare

Tell = Callable[[str, int, int], None]
_LEAST_HOPS, _MOST_HOPS = 2, 4


def settings_of(config: Path | None, max_hops: int = 0) -> ReplaySettings:
    """As the live searcher would be set up by the directory ``config``; without one the defaults."""
    if max_hops and not _LEAST_HOPS <= max_hops <= _MOST_HOPS:
        raise OperatorError(f"--max-hops: found {max_hops}, expected {_LEAST_HOPS} to {_MOST_HOPS}")
    settings = ReplaySettings()
    if config is not None:
        directory = ConfigDirectory.open(config)
        settings = ReplaySettings(
            arbitrage=directory.strategy("arbitrage", ArbitrageSettings),
            limits=directory.limits(Limits),
            max_hops=directory.settings.max_hops,
            cycles=directory.settings.cycles,
            priority_fee_wei=directory.chain.priority_fee_wei,
        )
    return msgspec.structs.replace(settings, max_hops=max_hops) if max_hops else settings


def replays(
    paths: Sequence[Path], settings: ReplaySettings, exchanges: Path | None, tell: Tell = lambda name, done, total: None
) -> Iterator[Replayed]:
    """Each block in ``paths`` that has its pre-state, in their order.

    Raises ``OperatorError`` for a path that is not there or a chain without known exchanges, ``ArchiveError`` for a
    file that holds no whole block, and ``ChainDataError`` naming the block whose execution lacks state or rules.
    """
    named = read_exchanges(exchanges) if exchanges else None
    with archives(paths, tell) as files:
        prepare()
        for done, block in enumerate(executable_blocks(files)):
            tell(f"block {block.number}", done, len(files))
            known = named or exchanges_of(block.chain_id)
            if known.chain_id != block.chain_id:
                raise OperatorError(
                    f"block {block.number} is of chain {block.chain_id}, expected {known.chain_id} as {exchanges} says",
                    todo="Replay each chain by itself",
                )
            yield _replayed(block, settings, known)
        tell("", len(files), len(files))


def _replayed(block: ArchivedBlock, settings: ReplaySettings, exchanges: Exchanges) -> Replayed:
    try:
        return replay(block, settings, exchanges)
    except ChainDataError as error:
        if str(block.number) in error.message:
            raise
        raise ChainDataError(f"block {block.number} cannot be replayed: {error.message}", todo=error.todo) from error


def as_object(replayed: Replayed, settings: ReplaySettings) -> dict[str, Any]:
    """One block of ``--json``: amounts as whole numbers in the tokens' smallest units."""
    known = replayed.known
    rows = compare(replayed, settings.max_hops)
    numbers = {id(each): number for number, each in enumerate(replayed.proposals)}
    takers = {id(each): number for number, each in enumerate(replayed.taken)}
    return {
        "block": replayed.number,
        "hash": replayed.block_hash,
        "chain_id": replayed.chain_id,
        "timestamp": replayed.timestamp,
        "base_fee_wei": replayed.base_fee_wei,
        "transactions": replayed.transactions,
        "gas_used": replayed.gas_used,
        "receipts_root": replayed.receipts_root,
        "pools": [msgspec.to_builtins(pool) | {"proved": known.proved.get(at, "")} for at, pool in known.pools.items()],
        "left": known.left,
        "unfollowed": replayed.unfollowed,
        "proposals": [_proposal(each, replayed) for each in replayed.proposals],
        "unproved": [_proposal(each, replayed) for each in replayed.unproved],
        "taken": [msgspec.to_builtins(each) for each in replayed.taken],
        "lost": [lost_as_object(each) for each in lost_of(replayed, settings)],
        "compared": [
            {
                "proposal": None if row.ours is None else numbers[id(row.ours)],
                "taken": None if row.theirs is None else takers[id(row.theirs)],
                "verdict": row.verdict,
                "why": row.why,
            }
            for row in rows
        ],
    }


def _proposal(each: Proposal, replayed: Replayed) -> dict[str, Any]:
    opportunity, paid = each.opportunity, each.paid
    return {
        "position": each.position,
        "strategy": opportunity.strategy,
        "behind": opportunity.victim.hash if opportunity.victim else None,
        "path": [
            {
                "pool": step.pool,
                "protocol": replayed.known.pools[step.pool].protocol,
                "token_in": step.token_in,
                "amount_in": step.amount_in,
                "token_out": step.token_out,
                "amount_out": step.amount_out,
            }
            for step in opportunity.route.steps
            if isinstance(step, SwapStep)
        ],
        "predicted": {"gross_wei": opportunity.gross_wei, "gas": opportunity.gas_estimate},
        "paid": {
            "gross_wei": paid.gross_wei,
            "gas": paid.gas_used,
            "gas_wei": paid.gas_wei,
            "bid_wei": paid.bid_wei,
            "net_wei": each.net_wei,
            "reason": paid.reason,
            "unknown": paid.unknown,
        },
        "decision": msgspec.to_builtins(each.decision),
    }


def totals(replayed: Sequence[Replayed], rows: Sequence[Row]) -> dict[str, Any]:
    """Over all blocks: what we would have had, and what was taken."""
    proposals = [each for block in replayed for each in block.proposals]
    ours = [each for each in proposals if each.decision.approved and not each.paid.reason]
    return {
        "blocks": len(replayed),
        "proposals": len(proposals),
        "approved_and_paid": len(ours),
        "gross_wei": sum(each.paid.gross_wei for each in ours),
        "net_wei": sum(each.net_wei for each in ours),
        "taken": sum(len(block.taken) for block in replayed),
        "verdicts": {kind: sum(row.verdict == kind for row in rows) for kind in sorted({row.verdict for row in rows})},
    }


class Review(msgspec.Struct, frozen=True):
    """Over all blocks: what was lost, by reason, and how far predictions were off."""

    lost: dict[Why, Loss]
    validation: Validation


def review(replayed: Sequence[Replayed], settings: ReplaySettings) -> Review:
    lost = losses(each for block in replayed for each in lost_of(block, settings))
    return Review(lost, validation_of(replayed))
