"""The independent check against the real contracts: its arithmetic is theirs, to the wei."""

from typing import Any

import pytest

from tallyio.core.clock import seeded
from tallyio.core.errors import ChainDataError
from tallyio.core.pools import V2
from tallyio.core.units import UINT256_MAX, Address
from tallyio.devnet import abi
from tallyio.devnet.node_rpc import RpcRefusedError
from tallyio.reports.exhaustive import ExhaustiveCheck, Factory, GasModel, Scope
from tallyio.reports.exhaustive import lending as aave
from tallyio.reports.exhaustive.chain_reading import Views
from tallyio.reports.exhaustive.concentrated import Curve
from tallyio.reports.exhaustive.lending_reading import LendingReader
from tallyio.reports.exhaustive.pool_reading import PoolReader
from tallyio.reports.exhaustive.ticks import MAX_SQRT, MIN_SQRT
from tallyio.reports.exhaustive.venues import swap

PRICE = "(uint256,uint160,uint32,uint256)"
LIQUIDATED = abi.topic("LiquidationCall(address,address,address,uint256,uint256,address,bool)")


class Desk:
    """One trader on the chain, and a reader for the check."""

    def __init__(self, chain: Any) -> None:
        self.rpc, self.anvil, self.world = chain.anvil.rpc, chain.anvil, chain.world
        self.me = self.world.account("searcher", 3).address
        self.views = Views(self, self.world.multicall3)

    async def call(self, method: str, params: list[Any]) -> Any:
        return self.rpc.call(method, *params)

    @property
    def block(self) -> int:
        return int(self.rpc.call("eth_blockNumber"), 16)

    @property
    def timestamp(self) -> int:
        return int(self.rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    def ask(self, to: str, signature: str, returns: str, *arguments: Any) -> tuple[Any, ...]:
        data = "0x" + abi.call(signature, *arguments).hex()
        answer = self.rpc.call("eth_call", {"from": self.me, "to": to, "data": data}, "latest")
        return abi.unpack(returns, bytes.fromhex(answer[2:]))

    def act(self, to: str, signature: str, *arguments: Any, sender: str = "", value: int = 0) -> dict[str, Any]:
        """Send one transaction, mine it, and answer its receipt."""
        sender = sender or self.me
        self.rpc.call("anvil_impersonateAccount", sender)
        data = "0x" + abi.call(signature, *arguments).hex()
        order = {"from": sender, "to": to, "data": data, "value": hex(value), "gas": hex(3_000_000)}
        hash_ = self.rpc.call("eth_sendTransaction", order)
        self.anvil.mine()
        receipt: dict[str, Any] = self.rpc.call("eth_getTransactionReceipt", hash_)
        return receipt

    def fund(self, token: Address, amount: int) -> None:
        if token == self.world.weth:
            self.rpc.call("anvil_setBalance", self.me, hex(amount + 10**24))
            self.act(token, "deposit()", value=amount)
        else:
            self.act(token, "mint(address,uint256)", self.me, amount)

    def crash(self, changes: dict[str, int]) -> None:
        """Move price feeds by per cent."""
        oracle = self.world.account("oracle").address
        for symbol, change in changes.items():
            answer = self.world.tokens[symbol].price_e8 * (100 + change) // 100
            self.act(self.world.feeds[symbol].aggregator, "setAnswer(int256)", answer, sender=oracle)


@pytest.fixture
def desk(scratch_chain):
    return Desk(scratch_chain)


def sizes(rng: Any, depth: int, count: int) -> list[int]:
    """From dust to more than a pool holds, evenly by order of magnitude."""
    return [max(1, int(2 ** rng.uniform(0, depth.bit_length() + 2))) for _ in range(count)]


async def test_constant_product_pools_answer_as_the_routers(desk):
    pools = [p for p in desk.world.pools if p.family == V2]
    states = await PoolReader(desk.views).states(pools, desk.block)
    rng, compared = seeded(11, "v2"), 0
    router = next(f.routers[0] for f in desk.world.factories if f.name == "uniswap_v2")
    for pool in pools:
        state = states[pool.address]
        for token in (pool.token0, pool.token1):
            reserves = (state.reserve0, state.reserve1) if token == pool.token0 else (state.reserve1, state.reserve0)
            for amount in sizes(rng, reserves[0] or 10**18, 6):
                try:
                    _, out, after = swap(pool, state, token, amount)
                except ChainDataError:
                    continue
                assert after != state
                if pool.fee_pips == 3000:
                    formula = "getAmountOut(uint256,uint256,uint256)"
                    assert desk.ask(router, formula, "(uint256)", amount, *reserves) == (out,)
                    formula = "getAmountIn(uint256,uint256,uint256)"
                    (need,) = desk.ask(router, formula, "(uint256)", out, *reserves)
                    assert swap(pool, state, token, out, exact_out=True)[0] == need
                compared += 1
    assert compared > 100


async def test_a_pair_pays_what_is_predicted_and_not_one_unit_more(desk):
    pools = [p for p in desk.world.pools if p.family == V2 and p.address not in desk.world.odd_pools][:8]
    for pool in pools:
        (state,) = (await PoolReader(desk.views).states([pool], desk.block)).values()
        amount = state.reserve0 // 97
        _, out, after = swap(pool, state, pool.token0, amount)
        desk.fund(pool.token0, amount)
        desk.act(pool.token0, "transfer(address,uint256)", pool.address, amount)
        call = "swap(uint256,uint256,address,bytes)"
        assert desk.act(pool.address, call, 0, out + 1, desk.me, b"")["status"] == "0x0"
        assert desk.act(pool.address, call, 0, out, desk.me, b"")["status"] == "0x1"
        assert (await PoolReader(desk.views).states([pool], desk.block))[pool.address] == after


async def test_curves_answer_as_the_quoter_at_every_size(desk):
    """Exact in and exact out, both directions, with the price after; a partial fill is refused."""
    world, rng, filled, refused = desk.world, seeded(12, "v3"), 0, 0
    pools = [p for p in world.pools if p.family != V2]
    states = await PoolReader(desk.views).states(pools, desk.block)
    for pool in pools:
        for token in (pool.token0, pool.token1):
            other, state = pool.other(token), states[pool.address]
            (held,) = desk.ask(token, "balanceOf(address)", "(uint256)", pool.address)
            for amount in sizes(rng, held, 8):
                quote = "quoteExactInputSingle((address,address,uint256,uint24,uint160))"
                order = (token, other, amount, pool.fee_pips, 0)
                try:
                    expected, price, _, _ = desk.ask(world.v3.quoter, quote, PRICE, order)
                except RpcRefusedError:
                    expected, price = 0, MIN_SQRT + 1  # an empty pool
                try:
                    _, out, after = swap(pool, state, token, amount)
                except ChainDataError:
                    assert price in (MIN_SQRT + 1, MAX_SQRT - 1)
                    refused += 1
                    continue
                assert isinstance(after, Curve)
                assert (out, after.sqrt_price) == (expected, price), (pool, token, amount)
                filled += 1
            (held,) = desk.ask(other, "balanceOf(address)", "(uint256)", pool.address)
            for amount in sizes(rng, held, 8):
                quote = "quoteExactOutputSingle((address,address,uint256,uint24,uint160))"
                order = (token, other, amount, pool.fee_pips, 0)
                try:
                    expected, price, _, _ = desk.ask(world.v3.quoter, quote, PRICE, order)
                except RpcRefusedError:
                    with pytest.raises(ChainDataError):
                        swap(pool, state, token, amount, exact_out=True)
                    refused += 1
                    continue
                need, _, after = swap(pool, state, token, amount, exact_out=True)
                assert (need, after.sqrt_price) == (expected, price), (pool, token, amount)
                filled += 1
    assert filled > 300
    assert refused > 20


async def test_a_curve_after_a_real_swap_is_the_curve_predicted(desk):
    router, rng = desk.world.v3.router02, seeded(13, "v3 swaps")
    pools = [p for p in desk.world.pools if p.family != V2 and p.address not in desk.world.odd_pools]
    reader = PoolReader(desk.views)
    for pool in pools:
        token = rng.choice((pool.token0, pool.token1))
        (held,) = desk.ask(token, "balanceOf(address)", "(uint256)", pool.address)
        amount = held // rng.randrange(2, 30)
        state = (await reader.states([pool], desk.block))[pool.address]
        _, _, after = swap(pool, state, token, amount)
        desk.fund(token, amount)
        desk.act(token, "approve(address,uint256)", router, UINT256_MAX)
        call = "exactInputSingle((address,address,uint24,address,uint256,uint256,uint160))"
        order = (token, pool.other(token), pool.fee_pips, desk.me, amount, 0, 0)
        assert desk.act(router, call, order)["status"] == "0x1"
        found = (await reader.states([pool], desk.block))[pool.address]
        assert (found.sqrt_price, found.tick, found.liquidity) == (after.sqrt_price, after.tick, after.liquidity)


CRASHES = ({"WETH": -12}, {"WETH": -35, "LINK": -20}, {"WBTC": -45, "STETH": -9}, {"WETH": 30, "WBTC": 25})


@pytest.mark.parametrize("changes", CRASHES)
async def test_health_factors_are_the_markets_own(desk, changes):
    desk.crash(changes)
    reader = LendingReader(desk.views, desk.world.aave.pool)
    market = await reader.market(desk.world.borrowers, desk.block, desk.timestamp)
    assert market.accounts
    for account in market.accounts.values():
        words = "(uint256,uint256,uint256,uint256,uint256,uint256)"
        told = desk.ask(desk.world.aave.pool, "getUserAccountData(address)", words, account.user)
        assert aave.totals(market, account) == (told[0], told[1], told[5])


@pytest.mark.parametrize("changes", CRASHES)
async def test_liquidations_do_what_is_predicted(desk, changes):
    """Every unhealthy account and pair, whole and partial amounts: amounts, reverts, and the account afterwards."""
    world, pool, rng = desk.world, desk.world.aave.pool, seeded(14, str(changes))
    for token in (world.tokens[s].address for s in world.aave.reserves):
        desk.fund(token, 10**6 * 10**18 if token != world.weth else 10**5 * 10**18)
        desk.act(token, "approve(address,uint256)", pool, UINT256_MAX)
    desk.crash(changes)
    reader, done = LendingReader(desk.views, pool), 0
    market = await reader.market(world.borrowers, desk.block, desk.timestamp + 12)
    unhealthy = [a for a in market.accounts.values() if aave.totals(market, a)[2] < aave.WAD]
    assert unhealthy
    for account in rng.sample(unhealthy, min(12, len(unhealthy))):
        for collateral, debt in aave.pairs(market, account):
            most = aave.most_debt(market, account, collateral, debt)
            clean = aave.clean_limit(market, account, collateral, debt, most)
            amounts = {UINT256_MAX, most, max(1, clean), min(most, clean + 1), rng.randrange(1, most + 1)}
            for amount in sorted(amounts):
                snapshot = desk.rpc.call("evm_snapshot")
                call = "liquidationCall(address,address,address,uint256,bool)"
                receipt = desk.act(pool, call, collateral.asset, debt.asset, account.user, amount, False)
                try:
                    predicted = aave.liquidate(market, account, collateral, debt, amount)
                except ChainDataError:
                    predicted = None
                if predicted is None:
                    assert receipt["status"] == "0x0", (account, collateral, debt, amount)
                else:
                    assert receipt["status"] == "0x1", (account, collateral, debt, amount)
                    (log,) = [entry for entry in receipt["logs"] if entry["topics"][0] == LIQUIDATED]
                    paid, received, _, _ = abi.unpack("(uint256,uint256,address,bool)", bytes.fromhex(log["data"][2:]))
                    assert (predicted.debt_paid, predicted.collateral_received) == (paid, received)
                    after = await reader.market([account.user], desk.block, desk.timestamp)
                    if account.user in after.accounts:
                        assert after.accounts[account.user] == predicted.after
                    done += 1
                desk.rpc.call("evm_revert", snapshot)
    assert done > 5


async def test_the_check_finds_what_disturbed_prices_offer_and_nothing_before(desk):
    """Pools are pushed apart by real swaps; the check reads the chain, and its first trade exists on the chain."""
    world, router, rng = desk.world, desk.world.v3.router02, seeded(15, "disturbance")
    fee_tokens = tuple(t.address for t in world.tokens.values() if t.transfer_fee_bps)
    factories = tuple(Factory(f.address, f.family, f.fee_pips) for f in world.factories)
    scope = Scope(world.weth, world.multicall3, factories, (world.aave.pool,), 10**14, GasModel(0), fee_tokens)
    check = ExhaustiveCheck(desk, scope)
    quiet = await check.at(desk.block, timestamp=desk.timestamp + 12, base_fee_wei=10**9)
    assert quiet.taken == ()
    assert check.pools_left_out == sum(bool({p.token0, p.token1} & set(fee_tokens)) for p in world.pools)
    assert len(check.pools) + check.pools_left_out >= len(world.pools)
    curves = [p for p in world.pools if p.family != V2 and world.weth in (p.token0, p.token1)]
    for pool in rng.sample(curves, 4):
        amount = desk.ask(world.weth, "balanceOf(address)", "(uint256)", pool.address)[0] // 8
        desk.fund(world.weth, amount)
        desk.act(world.weth, "approve(address,uint256)", router, UINT256_MAX)
        call = "exactInputSingle((address,address,uint24,address,uint256,uint256,uint160))"
        order = (world.weth, pool.other(world.weth), pool.fee_pips, desk.me, amount, 0, 0)
        assert desk.act(router, call, order)["status"] == "0x1"
    found = await check.at(desk.block, timestamp=desk.timestamp + 12, base_fee_wei=10**9)
    assert len(found.taken) >= 4
    nets = [item.net_wei for item in found.taken]
    assert min(nets) > scope.min_profit_wei
    assert all(item.net_wei == item.gross_wei - item.gas_wei for item in found.taken)
    first = found.taken[0]
    token, amount = first.token, first.amount
    states = await PoolReader(desk.views).states([check.pools[p] for p in first.pools], desk.block)
    for address in first.pools[:3]:
        _, amount, _ = swap(check.pools[address], states[address], token, amount)
        token = check.pools[address].other(token)
    if first.token == world.weth:
        assert token == world.weth
        assert amount - first.amount == first.gross_wei


async def test_a_crash_makes_liquidations_takeable_with_the_markets_own_amounts(desk):
    world, pool = desk.world, desk.world.aave.pool
    fee_tokens = tuple(t.address for t in world.tokens.values() if t.transfer_fee_bps)
    factories = tuple(Factory(f.address, f.family, f.fee_pips) for f in world.factories)
    scope = Scope(world.weth, world.multicall3, factories, (pool,), 10**14, GasModel(0), fee_tokens)
    for token in (world.tokens[s].address for s in world.aave.reserves):
        desk.fund(token, 10**24)
        desk.act(token, "approve(address,uint256)", pool, UINT256_MAX)
    desk.crash({"WETH": -35, "LINK": -20})
    found = await ExhaustiveCheck(desk, scope).at(desk.block, timestamp=desk.timestamp + 12, base_fee_wei=10**9)
    liquidations = [item for item in found.taken if item.kind == "liquidation"]
    assert len(liquidations) >= 3
    assert found.taken[0] == max(found.taken, key=lambda item: item.net_wei)
    for item in liquidations:
        snapshot = desk.rpc.call("evm_snapshot")
        call = "liquidationCall(address,address,address,uint256,bool)"
        receipt = desk.act(pool, call, item.collateral, item.token, item.borrower, item.amount, False)
        (log,) = [entry for entry in receipt["logs"] if entry["topics"][0] == LIQUIDATED]
        paid, received, _, _ = abi.unpack("(uint256,uint256,address,bool)", bytes.fromhex(log["data"][2:]))
        assert (paid, received) == (item.amount, item.collateral_amount)
        desk.rpc.call("evm_revert", snapshot)
