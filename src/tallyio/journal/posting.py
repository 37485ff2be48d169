"""What one transaction of the chain does to our money: its fee, value, token transfers, wrapping and bid, as entries.

Sources: ERC-20's ``Transfer``; WETH9's ``Deposit`` and ``Withdrawal``; EIP-1559's effective gas price; the executor's
``Executed``, ``withdraw`` and ``emergencyExit``. Ether leaves no log, so it is followed through the transaction's own
value and through what WETH9 and the executor say. A run of the executor leaves its ether as it was: what it unwrapped
beyond the bid went to pools, what it wrapped came from them, and counts as wrapped. Ether sent to us from inside
somebody else's contract call cannot be seen this way and shows as a difference to the chain's balance, which stops the
searcher.
"""

from collections.abc import Callable, Collection, Sequence

import msgspec

from tallyio.core.chain import BlockRef, Log
from tallyio.core.executor_events import executed
from tallyio.core.units import Address, Hash32, address
from tallyio.journal.accounts import BID, EXECUTOR, GAS, NATIVE, OWNER, external, income
from tallyio.journal.entries import LedgerEntry, LedgerTransaction, Scope

TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
DEPOSIT = "0xe1fffcc4923d04b559f4d29a8bfc6cda04eb5b0d3c460751c2402c5c5cc9109c"
WITHDRAWAL = "0x7fcf532c15f0a6db0bd6d0e038bea71d30d808c7d98cb3bf7268a95bf5081b65"
EXIT_FAILED = "0x7d47eca945f64f0772f741f38940b10406d7563e8b6da88ba03021a66e1428a3"

_PADDING = "0x" + "0" * 24

WITHDRAW = bytes.fromhex("69328dec")
EMERGENCY_EXIT = bytes.fromhex("af33fc62")


class ChainTransaction(msgspec.Struct, frozen=True):
    """A mined transaction that may touch our money, with what its receipt says.

    ``created`` is the contract that a creation made; ``l1_fee_wei`` what a rollup charges on top of gas. For a
    transaction that is neither from nor to us only ``hash``, ``index`` and ``logs`` matter.
    """

    hash: Hash32
    index: int
    sender: Address
    to: Address | None
    nonce: int
    value_wei: int
    data: bytes
    success: bool
    gas_used: int
    gas_price_wei: int
    logs: tuple[Log, ...]
    created: Address | None = None
    l1_fee_wei: int = 0

    @property
    def fee_wei(self) -> int:
        return self.gas_used * self.gas_price_wei + self.l1_fee_wei


class _Tally:
    """Collects movements from account to account; each is balanced, so their sum is."""

    def __init__(self) -> None:
        self.sums: dict[tuple[str, Address], int] = {}

    def move(self, token: Address, amount: int, source: str, target: str) -> None:
        for account, signed in ((source, -amount), (target, amount)):
            self.sums[account, token] = self.sums.get((account, token), 0) + signed

    def entries(self) -> tuple[LedgerEntry, ...]:
        return tuple(LedgerEntry(a, t, n) for (a, t), n in sorted(self.sums.items()) if n)


def post(
    tx: ChainTransaction,
    block: BlockRef,
    scope: Scope,
    *,
    strategy: str = "",
    executor_ether_wei: int = 0,
    coinbase: Address | None = None,
) -> LedgerTransaction | None:
    """The entries of ``tx``, or None when it leaves our money alone.

    ``strategy`` names the income of a trade; ``executor_ether_wei`` is the executor's ether before ``tx`` (what an
    emergency exit returns); ``coinbase`` receives the bid.
    """
    tally = _Tally()
    accounts = {held: account for account, held in scope.addresses.items()}
    if tx.sender == scope.owner:
        tally.move(NATIVE, tx.fee_wei, OWNER, GAS)
    if tx.success:
        _value(tally, tx, accounts)
        trade = executed(tx.logs, scope.executor)
        for log in tx.logs:
            if log.address in scope.followed:
                _token(tally, log, tx, scope, accounts, income(strategy) if trade else None)
        if trade:
            tally.move(NATIVE, trade[1], EXECUTOR, accounts.get(coinbase, BID) if coinbase else BID)
            if traded := tally.sums.get((EXECUTOR, NATIVE), 0):  # with pools that trade in ether
                tally.move(NATIVE, traded, EXECUTOR, external(scope.weth))
                tally.move(scope.weth, traded, external(scope.weth), income(strategy))
        elif tx.sender == scope.owner and tx.to == scope.executor and scope.executor is not None:
            _taken_out(tally, tx, accounts, executor_ether_wei)
    entries = tally.entries()
    return LedgerTransaction(block, tx.hash, _memo(tx, scope), entries) if entries else None


def post_block(
    transactions: Sequence[ChainTransaction],
    block: BlockRef,
    scope: Scope,
    *,
    strategy_of: Callable[[Hash32], str],
    executor_ether_wei: int,
    coinbase: Address | None,
) -> list[LedgerTransaction]:
    """``post`` for a block's transactions in order; ``executor_ether_wei`` is the executor's ether before them all."""
    posted = []
    for tx in transactions:
        made = post(
            tx,
            block,
            scope,
            strategy=strategy_of(tx.hash),
            executor_ether_wei=executor_ether_wei,
            coinbase=coinbase,
        )
        if made is not None:
            posted.append(made)
            executor_ether_wei += sum(e.amount for e in made.entries if (e.account, e.token) == (EXECUTOR, NATIVE))
    return posted


def touches(log: Log, scope: Scope) -> bool:
    """Whether ``log`` may move a followed token of ours."""
    held = scope.addresses.values()
    return log.address in scope.followed and any(_names(topic, held) for topic in log.topics[1:3])


def _names(topic: str, held: Collection[Address]) -> bool:
    return topic[:26] == _PADDING and Address("0x" + topic[26:]) in held


def _value(tally: _Tally, tx: ChainTransaction, accounts: dict[Address, str]) -> None:
    target = tx.to or tx.created
    if tx.value_wei and target and (tx.sender in accounts or target in accounts):
        tally.move(NATIVE, tx.value_wei, _account(accounts, tx.sender), _account(accounts, target))


def _token(
    tally: _Tally, log: Log, tx: ChainTransaction, scope: Scope, accounts: dict[Address, str], earned: str | None
) -> None:
    """One log of a followed token. ``earned`` takes the other side of the executor's transfers inside a trade."""
    kind = log.topics[0] if log.topics else ""
    if kind == TRANSFER and len(log.topics) == 3 and len(log.data) == 32:
        source, target = address(log.topics[1]), address(log.topics[2])
        if source in accounts or target in accounts:
            amount = int.from_bytes(log.data)
            traded = earned if earned and scope.executor in (source, target) else None
            tally.move(
                log.address,
                amount,
                accounts.get(source) or traded or external(source),
                accounts.get(target) or traded or external(target),
            )
    elif log.address == scope.weth and kind in (DEPOSIT, WITHDRAWAL) and len(log.topics) == 2 and len(log.data) == 32:
        holder = accounts.get(address(log.topics[1]))
        if holder is None:
            return
        amount, weth = int.from_bytes(log.data), external(scope.weth)
        if kind == WITHDRAWAL:
            tally.move(scope.weth, amount, holder, weth)
            tally.move(NATIVE, amount, weth, holder)
        else:
            tally.move(scope.weth, amount, weth, holder)
            if not (tx.to == scope.weth and accounts.get(tx.sender) == holder):  # else its value was moved already
                tally.move(NATIVE, amount, holder, weth)


def _taken_out(tally: _Tally, tx: ChainTransaction, accounts: dict[Address, str], executor_ether_wei: int) -> None:
    """Ether that the owner took out of the executor; the tokens' own logs tell of theirs."""
    selector, arguments = tx.data[:4], tx.data[4:]
    if selector == WITHDRAW and len(arguments) >= 96 and not any(arguments[:32]):
        target = address(arguments[64:96])
        tally.move(NATIVE, int.from_bytes(arguments[32:64]), EXECUTOR, _account(accounts, target))
    elif selector == EMERGENCY_EXIT and not any(_kept_ether(log, tx) for log in tx.logs):
        tally.move(NATIVE, executor_ether_wei, EXECUTOR, OWNER)


def _kept_ether(log: Log, tx: ChainTransaction) -> bool:
    return log.address == tx.to and log.topics[:1] == (EXIT_FAILED,) and int(log.topics[1], 16) == 0


def _account(accounts: dict[Address, str], holder: Address) -> str:
    return accounts.get(holder) or external(holder)


def _memo(tx: ChainTransaction, scope: Scope) -> str:
    if tx.sender != scope.owner:
        return "received"
    if not tx.success:
        return "failed"
    if tx.to is None:
        return "deployment"
    if tx.to != scope.executor:
        return "sent"
    return {WITHDRAW: "withdrawal", EMERGENCY_EXIT: "emergency exit"}.get(tx.data[:4], "trade")
