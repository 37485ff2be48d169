"""The ledger proved from the chain alone: every entry derived again from blocks and receipts, balances compared."""

import asyncio
from collections.abc import Iterable, Sequence

import msgspec

from tallyio.core.chain import BlockRef
from tallyio.core.errors import DivergenceError, OperatorError
from tallyio.core.units import Address
from tallyio.engine.chain_reader import Activity, ChainReader
from tallyio.journal.accounts import EXECUTOR, NATIVE, is_income
from tallyio.journal.entries import LedgerEntry, LedgerTransaction, Scope
from tallyio.journal.ledger_reader import Followed, Holding, LedgerReader, scope_of
from tallyio.journal.posting import post_block
from tallyio.journal.records import Difference

READ_AHEAD = 16
_INCOME = "income"
Key = tuple[str, str]
"""(block hash, transaction hash)."""
Entries = tuple[LedgerEntry, ...]


class LedgerReport(msgspec.Struct, frozen=True):
    """``difference_wei`` is 0 exactly when entries, sums and the chain's balances agree in every account and token.

    ``missing`` are transactions of the chain without their entries, ``unfounded`` posted ones that the chain does not
    bear out, ``unequal`` those whose entries differ. ``differences`` compare the ledger with the chain's balances at
    ``last``, ``projection`` its balances with the sum of its entries.
    """

    first: BlockRef
    last: BlockRef
    transactions: int
    missing: tuple[str, ...]
    unfounded: tuple[str, ...]
    unequal: tuple[str, ...]
    differences: tuple[Difference, ...]
    projection: tuple[Difference, ...]
    difference_wei: int


class _Posted(msgspec.Struct, frozen=True):
    """The ledger at one moment."""

    first: BlockRef
    last: BlockRef
    blocks: tuple[BlockRef, ...]
    followed: tuple[Followed, ...]
    transactions: tuple[LedgerTransaction, ...]
    balances: dict[Holding, int]
    summed: dict[Holding, int]


async def verify_ledger(reader: ChainReader, ledger: LedgerReader, weth: Address) -> LedgerReport:
    """Derive every entry between the opening and the ledger's head again and compare. Changes nothing.

    Strategies are the journal's own knowledge, so all income counts as one account here. Raises ``DivergenceError``
    when the chain does not have the ledger's blocks, ``OperatorError`` when the ledger was never opened.
    """
    posted = _load(ledger)
    openings = [t for t in posted.transactions if _is_opening(t.tx_hash)]
    ether = sum(_executor_ether(t) for t in openings if t.block == posted.first)
    derived: dict[Key, Entries] = {}
    following = posted.blocks[1:]
    for start in range(0, len(following), READ_AHEAD):
        part = following[start : start + READ_AHEAD]
        scopes = [_scope_in(block, posted.followed, weth) for block in part]
        reads = (_activity(reader, block, scope) for block, scope in zip(part, scopes, strict=True))
        for activity, scope in zip(await asyncio.gather(*reads), scopes, strict=True):
            made = post_block(
                activity.transactions,
                activity.block,
                scope,
                strategy_of=lambda _: "",
                executor_ether_wei=ether,
                coinbase=activity.coinbase,
            )
            derived |= {(activity.block.hash, t.tx_hash): _plain(t.entries) for t in made}
            opened = [t for t in openings if t.block == activity.block]
            ether += sum(map(_executor_ether, (*made, *opened)))
    at_head = await reader.balances(posted.last, [(f.address, f.token) for f in posted.followed])
    return _report(posted, derived, at_head)


def _load(ledger: LedgerReader) -> _Posted:
    with ledger.snapshot():
        first, last = ledger.first(), ledger.head()
        if first is None or last is None:
            raise OperatorError("the ledger was never opened", todo="Run the searcher once")
        return _Posted(
            first=first,
            last=last,
            blocks=tuple(ledger.blocks()),
            followed=tuple(ledger.followed()),
            transactions=tuple(ledger.transactions()),
            balances=ledger.balances(),
            summed=ledger.summed(),
        )


def _scope_in(block: BlockRef, followed: Sequence[Followed], weth: Address) -> Scope:
    scope = scope_of([f for f in followed if f.since < block.number], weth)
    assert scope is not None  # noqa: S101 - an open ledger follows the owner
    return scope


def _is_opening(tx_hash: str) -> bool:
    return tx_hash.startswith("opening:")


def _executor_ether(t: LedgerTransaction) -> int:
    return sum(e.amount for e in t.entries if (e.account, e.token) == (EXECUTOR, NATIVE))


async def _activity(reader: ChainReader, block: BlockRef, scope: Scope) -> Activity:
    if await reader.block(block.number) != block:
        raise DivergenceError(
            f"the chain does not have the ledger's block {block.number} {block.hash}",
            todo="Start the searcher, which follows reorganisations, or check that the RPC is of the same chain",
        )
    return await reader.activity(block, scope)


def _report(posted: _Posted, derived: dict[Key, Entries], at_head: list[int]) -> LedgerReport:
    real: dict[Key, Entries] = {
        (t.block.hash, t.tx_hash): _plain(t.entries) for t in posted.transactions if not _is_opening(t.tx_hash)
    }
    differences = tuple(
        Difference(f.account, f.token, posted.balances.get((f.account, f.token), 0), chain)
        for f, chain in zip(posted.followed, at_head, strict=True)
        if posted.balances.get((f.account, f.token), 0) != chain
    )
    projection = tuple(
        Difference(*holding, posted.balances.get(holding, 0), posted.summed.get(holding, 0))
        for holding in sorted(posted.balances.keys() | posted.summed.keys())
        if posted.balances.get(holding, 0) != posted.summed.get(holding, 0)
    )
    total = _distance(real, derived) + sum(abs(d.amount) for d in (*differences, *projection))
    return LedgerReport(
        first=posted.first,
        last=posted.last,
        transactions=len(derived),
        missing=tuple(sorted(key[1] for key in derived.keys() - real.keys())),
        unfounded=tuple(sorted(key[1] for key in real.keys() - derived.keys())),
        unequal=tuple(sorted(key[1] for key in real.keys() & derived.keys() if real[key] != derived[key])),
        differences=differences,
        projection=projection,
        difference_wei=total,
    )


def _distance(left: dict[Key, Entries], right: dict[Key, Entries]) -> int:
    """Sum of absolute differences, entry by entry, so that errors cannot cancel out."""
    total = 0
    for key in left.keys() | right.keys():
        sums: dict[Holding, int] = {}
        for sign, entries in ((1, left.get(key, ())), (-1, right.get(key, ()))):
            for e in entries:
                sums[e.account, e.token] = sums.get((e.account, e.token), 0) + sign * e.amount
        total += sum(map(abs, sums.values()))
    return total


def _plain(entries: Iterable[LedgerEntry]) -> tuple[LedgerEntry, ...]:
    """Entries with all income in one account, in one order."""
    plain = [LedgerEntry(_INCOME, e.token, e.amount) if is_income(e.account) else e for e in entries]
    return tuple(sorted(plain, key=lambda e: (e.account, e.token, e.amount)))
