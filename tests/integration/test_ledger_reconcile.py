"""The ledger against a real chain: real WETH, real pools, the real executor; every kind of movement, to the wei."""

import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tallyio.chains.addresses import created_by
from tallyio.chains.rpc import Rpc
from tallyio.core.chain import BlockRef, Log, NewBlock, Rollback
from tallyio.core.errors import DivergenceError
from tallyio.core.pools import V2, Pool
from tallyio.core.trade import Bundle, Opportunity, Outcome, Route, SwapStep
from tallyio.core.units import Address, Hash32, address
from tallyio.devnet import abi, accounts
from tallyio.engine.chain_reader import RpcChainReader
from tallyio.engine.ledger_proof import LedgerReport, verify_ledger
from tallyio.engine.reconcile import LedgerDivergenceError, Reconciler
from tallyio.execution.deploy import creation_data
from tallyio.execution.plan import execute_calldata
from tallyio.hot_path.amm.v2 import amount_out
from tallyio.journal.accounts import BID, EXECUTOR, GAS, NATIVE, OWNER, external
from tallyio.journal.entries import LedgerEntry, LedgerTransaction, Scope
from tallyio.journal.ledger_reader import LedgerReader
from tallyio.journal.log import Journal, JournalReader
from tallyio.journal.records import Diverged, LedgerRolledBack

ETHER = 10**18


class Town:
    """A chain with us on it: sends, mines, and tells the blocks as the feed would."""

    def __init__(self, chain: Any, rpc: Rpc, folder: Path) -> None:
        self.chain, self.world, self.node = chain, chain.world, chain.anvil.rpc
        self.owner = self.world.account("searcher", 0)
        self.stranger = self.world.account("searcher", 1)
        self.usdc = self.world.tokens["USDC"].address
        self.weth = self.world.weth
        self.reader = RpcChainReader(rpc, self.world.multicall3)
        self.plain_reader = RpcChainReader(rpc)
        self.path = folder / "journal.sqlite3"
        self.executor = created_by(self.owner.address, self.nonce(self.owner))

    def scope(self, *, deployed: bool = True) -> Scope:
        tokens = frozenset({self.usdc, self.world.tokens["DAI"].address})
        return Scope(self.owner.address, self.executor if deployed else None, self.weth, tokens)

    def nonce(self, account: Any) -> int:
        return int(self.node.call("eth_getTransactionCount", account.address, "pending"), 16)

    def send(
        self, account: Any, to: Address | None, data: bytes = b"", *, value: int = 0, gas: int = 5_000_000
    ) -> Hash32:
        raw, tx_hash = accounts.sign(
            account, self.world.chain_id, self.nonce(account), to, data, gas=gas, value_wei=value
        )
        self.node.call("eth_sendRawTransaction", "0x" + raw.hex())
        return tx_hash

    def mine(self) -> NewBlock:
        self.chain.anvil.mine()
        return self.block("latest")

    def block(self, number: int | str) -> NewBlock:
        tag = hex(number) if isinstance(number, int) else number
        b = self.node.call("eth_getBlockByNumber", tag, False)
        logs = tuple(_log(log) for log in self.node.call("eth_getLogs", {"blockHash": b["hash"]}))
        ref = BlockRef(int(b["number"], 16), b["hash"], b["parentHash"], int(b["timestamp"], 16))
        return NewBlock(ref, int(b["baseFeePerGas"], 16), 0, 0, address(b["miner"]), logs)

    def status(self, tx_hash: Hash32) -> int:
        return int(self.node.call("eth_getTransactionReceipt", tx_hash)["status"], 16)

    def deploy(self) -> None:
        self.send(self.owner, None, creation_data(self.weth))

    def skewed_trade(self) -> tuple[Route, int]:
        """Two v2 pools of USDC and WETH pushed apart by a stranger, and the route that closes the gap with its gain."""
        pools = [p for p in self.world.pools if p.family == V2 and {p.token0, p.token1} == {self.usdc, self.weth}]
        cheap, dear = pools[:2]
        amount = self._reserves(dear)[self.usdc] // 10
        self.send(self.stranger, self.usdc, abi.call("mint(address,uint256)", self.stranger.address, amount))
        router = next(f for f in self.world.factories if f.name == dear.protocol).routers[0]
        self.send(self.stranger, self.usdc, abi.call("approve(address,uint256)", router, amount))
        swap = "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)"
        path = [self.usdc, self.weth]
        self.send(self.stranger, router, abi.call(swap, amount, 0, path, self.stranger.address, 2**40))
        self.mine()
        return max(
            (self._route(a, b, size) for a, b in ((cheap, dear), (dear, cheap)) for size in _sizes()),
            key=lambda found: found[1],
        )

    def _reserves(self, pool: Pool) -> dict[Address, int]:
        answer = bytes.fromhex(self.node.call("eth_call", {"to": pool.address, "data": "0x0902f1ac"}, "latest")[2:])
        return {pool.token0: int.from_bytes(answer[:32]), pool.token1: int.from_bytes(answer[32:64])}

    def _route(self, first: Pool, second: Pool, size: int) -> tuple[Route, int]:
        a, b = self._reserves(first), self._reserves(second)
        middle = amount_out(size, a[self.weth], a[self.usdc], first.fee_pips)
        out = amount_out(middle, b[self.usdc], b[self.weth], second.fee_pips)
        fund = SwapStep(first.address, V2, self.weth, self.usdc, size, middle, first.fee_pips)
        back = SwapStep(second.address, V2, self.usdc, self.weth, middle, out, second.fee_pips)
        return Route(fund, (back,)), out - size


def _sizes() -> list[int]:
    return [ETHER * n // 10 for n in (1, 5, 10, 30, 100)]


def _log(log: dict[str, Any]) -> Log:
    return Log(
        address(log["address"]),
        tuple(log["topics"]),
        bytes.fromhex(log["data"][2:]),
        int(log["blockNumber"], 16),
        log["blockHash"],
        log["transactionHash"],
        int(log["transactionIndex"], 16),
        int(log["logIndex"], 16),
    )


@pytest.fixture
async def town(own_chain: Any, tmp_path: Path) -> AsyncIterator[Town]:
    async with Rpc(own_chain.rpc_url) as rpc:
        yield Town(own_chain, rpc, tmp_path)


async def proof(town: Town) -> LedgerReport:
    with JournalReader.open(town.path) as journal:
        return await verify_ledger(town.plain_reader, LedgerReader(journal), town.weth)


async def test_every_kind_of_movement_leaves_the_ledger_equal_to_the_chain(town: Town) -> None:
    owner, stranger, weth = town.owner.address, town.stranger.address, town.weth
    town.node.call("anvil_setBalance", town.executor, hex(12_345))  # ether that only an emergency exit brings back
    with Journal.open(town.path) as journal:
        town.mine()
        books = Reconciler(journal, town.reader, town.scope(deployed=False))
        await books.recover()

        town.deploy()
        books.widen(town.scope())
        await books.on_block(town.mine())
        assert books.ledger.balance(EXECUTOR, NATIVE) == 12_345

        town.send(town.owner, weth, abi.call("deposit()"), value=7 * ETHER)  # wraps
        await books.on_block(town.mine())
        town.send(town.owner, weth, abi.call("transfer(address,uint256)", town.executor, 3 * ETHER))
        town.send(town.owner, weth, abi.call("withdraw(uint256)", ETHER))
        town.send(town.owner, stranger, value=11)
        town.send(town.owner, owner, value=5)  # to itself
        await books.on_block(town.mine())
        assert books.ledger.balance(external(stranger), NATIVE) == 11

        town.send(town.stranger, owner, value=13)
        town.send(town.stranger, weth, abi.call("deposit()"), value=ETHER)
        town.send(town.stranger, weth, abi.call("transfer(address,uint256)", owner, 17))
        town.send(town.stranger, town.usdc, abi.call("mint(address,uint256)", town.executor, 19))
        refused = town.send(town.stranger, town.executor, value=23)  # the executor takes ether from WETH alone
        failed = town.send(town.owner, town.executor, execute_calldata(town._route(*_pair(town), ETHER)[0], 10**30, 0))
        found = await books.on_block(town.mine())
        assert town.status(refused) == town.status(failed) == 0
        assert [t.memo for t in found.posted if t.tx_hash == failed] == ["failed"]

        withdraw = "withdraw(address,uint256,address)"
        town.send(town.owner, town.executor, abi.call(withdraw, weth, ETHER, owner))
        town.send(town.owner, town.executor, abi.call(withdraw, NATIVE, 45, owner))
        town.send(town.owner, town.executor, abi.call(withdraw, NATIVE, 300, stranger))
        town.send(town.owner, town.executor, abi.call("emergencyExit(address[])", [weth, town.usdc]))
        await books.on_block(town.mine())
        assert [books.ledger.balance(EXECUTOR, t) for t in (NATIVE, weth, town.usdc)] == [0, 0, 0]
        assert books.ledger.balance(OWNER, weth) == 6 * ETHER + 17
        assert books.ledger.balance(external(stranger), NATIVE) == 11 + 300 - 13

    report = await proof(town)
    assert report.difference_wei == 0
    assert report.transactions == 14
    assert report.missing == report.unfounded == report.unequal == ()


def _pair(town: Town) -> tuple[Pool, Pool]:
    pools = [p for p in town.world.pools if p.family == V2 and {p.token0, p.token1} == {town.usdc, town.weth}]
    return pools[0], pools[1]


async def test_a_trade_is_income_of_its_strategy_and_its_bid_an_expense(town: Town) -> None:
    with Journal.open(town.path) as journal:
        books = Reconciler(journal, town.reader, town.scope(deployed=False))
        await books.recover()
        town.deploy()
        books.widen(town.scope())
        await books.on_block(town.mine())
        route, gain = town.skewed_trade()
        assert gain > 0
        bid = gain // 3
        tx = town.send(town.owner, town.executor, execute_calldata(route, gain - bid, bid))
        parent = town.block("latest").block
        opportunity = Opportunity("opp", "arbitrage", parent, parent.number + 1, route, gain, 1, ())
        journal.append_many([opportunity, Bundle("b", parent.number + 1, (b"",), (tx,), ("opp",), (1,), (1,))])
        block = town.mine()
        outcome = Outcome("b", "opp", tx, "landed", block.block, 1, 1, gain, bid, 1)
        found = await books.on_block(block, [outcome])
        assert town.status(tx) == 1
        sums = {(e.account, e.token): e.amount for t in found.posted for e in t.entries}
        assert sums["income:arbitrage", town.weth] == -gain
        assert sums[BID, NATIVE] == bid
        assert sums[EXECUTOR, town.weth] == gain - bid
        assert sums[GAS, NATIVE] == found.own[0].fee_wei > 0
        assert [e.record for e in journal.read(Outcome)] == [outcome]
    assert (await proof(town)).difference_wei == 0


async def test_a_wei_that_nothing_explains_stops_the_searcher_and_is_not_healed(town: Town) -> None:
    with Journal.open(town.path) as journal:
        books = Reconciler(journal, town.reader, town.scope(deployed=False))
        await books.recover()
        await books.on_block(town.mine())
        held = int(town.node.call("eth_getBalance", town.owner.address, "latest"), 16)
        town.node.call("anvil_setBalance", town.owner.address, hex(held + 1))
        with pytest.raises(LedgerDivergenceError) as e:
            await books.on_block(town.mine())
        assert [(d.account, d.token, d.amount) for d in e.value.differences] == [(OWNER, NATIVE, 1)]
        assert len(list(journal.read(Diverged))) == 1
        with pytest.raises(LedgerDivergenceError):
            await books.on_block(town.mine())
        with pytest.raises(LedgerDivergenceError):
            await Reconciler(journal, town.reader, town.scope(deployed=False)).recover()
    assert (await proof(town)).difference_wei == 1


async def test_a_reorganisation_is_compensated_and_the_other_branch_posted(town: Town) -> None:
    with Journal.open(town.path) as journal:
        books = Reconciler(journal, town.reader, town.scope(deployed=False))
        await books.recover()
        await books.on_block(town.mine())
        common = town.block("latest").block
        snapshot = town.node.call("evm_snapshot")
        dropped = []
        for amount in (100, 200):
            town.send(town.owner, town.stranger.address, value=amount)
            dropped.append(town.mine())
            await books.on_block(dropped[-1])
        town.node.call("evm_revert", snapshot)
        town.send(town.owner, town.stranger.address, value=1000)
        town.send(town.owner, town.stranger.address, value=2000)
        new = [town.mine()]
        undone = books.on_rollback(Rollback(common, tuple(b.block for b in reversed(dropped))))
        assert undone == (dropped[1].block, dropped[0].block)
        assert books.on_rollback(Rollback(common, ())) == ()
        await books.on_block(new[0])
        assert books.ledger.balance(external(town.stranger.address), NATIVE) == 3000
        new.append(town.mine())
        await books.on_block(new[1])
        assert books.ledger.summed() == books.ledger.balances()
    assert (await proof(town)).difference_wei == 0


async def test_a_reorganisation_below_the_opening_opens_the_ledger_anew(town: Town) -> None:
    with Journal.open(town.path) as journal:
        town.mine()
        common = town.block("latest").block
        snapshot = town.node.call("evm_snapshot")
        town.send(town.owner, town.stranger.address, value=50)
        dropped = [town.mine().block]
        books = Reconciler(journal, town.reader, town.scope(deployed=False))
        await books.recover()
        town.send(town.owner, town.stranger.address, value=60)
        dropped.append((block := town.mine()).block)
        await books.on_block(block)
        town.node.call("evm_revert", snapshot)
        assert books.on_rollback(Rollback(common, tuple(reversed(dropped)))) == tuple(reversed(dropped))
        assert books.ledger.head() is None
        assert books.ledger.balances() == {}
        town.send(town.owner, town.stranger.address, value=70)
        await books.on_block(town.mine())
        assert books.ledger.first() == common
        assert books.ledger.balance(external(town.stranger.address), NATIVE) == 70
        assert books.ledger.summed() == books.ledger.balances()
    assert (await proof(town)).difference_wei == 0


async def test_recovery_walks_missed_blocks_across_a_reorganisation_and_twice_is_once(town: Town) -> None:
    scope = town.scope(deployed=False)
    with Journal.open(town.path) as journal:
        await Reconciler(journal, town.reader, scope).recover()
        snapshot = town.node.call("evm_snapshot")
        books = Reconciler(journal, town.reader, scope)
        for _ in range(3):
            town.send(town.owner, town.stranger.address, value=10)
            await books.on_block(town.mine())
    town.node.call("evm_revert", snapshot)
    sent = []
    for i in range(40):  # more than is read ahead at once
        if i % 7 == 0:
            sent.append(town.send(town.owner, town.stranger.address, value=1))
        town.mine()
    with Journal.open(town.path) as journal:
        books = Reconciler(journal, town.reader, scope)
        recovery = await books.recover()
        assert [block.number for block in recovery.undone] == [recovery.head.number - 37 - i for i in range(3)]
        assert recovery.blocks == 40
        assert [tx.hash for _, tx in recovery.own] == sent
        assert len(list(journal.read(LedgerRolledBack))) == 1
        assert books.ledger.balance(external(town.stranger.address), NATIVE) == len(sent)
        again = await Reconciler(journal, town.reader, scope).recover()
        assert (again.blocks, again.undone) == (0, ())
        town.mine()
        await books.on_block(town.mine())  # the feed starts later than the head that recovery saw
    assert (await proof(town)).difference_wei == 0


async def test_a_folder_of_another_chain_is_refused(town: Town) -> None:
    scope = town.scope(deployed=False)
    foreign = BlockRef(1, Hash32("0x" + "ab" * 32), Hash32("0x" + "cd" * 32), 1)
    with Journal.open(town.path) as journal:
        books = Reconciler(journal, town.reader, scope)
        books.ledger.open(foreign, scope, {(OWNER, NATIVE): 1})
        with pytest.raises(DivergenceError, match="opening block"):
            await books.recover()


async def test_the_proof_finds_what_the_chain_does_not_bear_out(town: Town) -> None:
    with Journal.open(town.path) as journal:
        books = Reconciler(journal, town.reader, town.scope(deployed=False))
        await books.recover()
        await books.on_block(block := town.mine())
        entries = (LedgerEntry(OWNER, NATIVE, -4), LedgerEntry(GAS, NATIVE, 4))
        books.ledger.post(LedgerTransaction(block.block, "0x" + "99" * 32, "forged", entries))
    report = await proof(town)
    assert report.unfounded == ("0x" + "99" * 32,)
    assert report.difference_wei == 4 + 4 + 4  # both entries, and the owner's balance


async def test_both_ways_of_reading_balances_agree(town: Town) -> None:
    holdings = list(itertools.product([town.owner.address, town.stranger.address], [NATIVE, town.weth, town.usdc]))
    head = await town.reader.head()
    assert await town.reader.balances(head, holdings) == await town.plain_reader.balances(head, holdings)
