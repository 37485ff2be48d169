"""``liquidationCall`` of the real contracts does what the model says, for any account, pair and amount."""

from collections import Counter
from random import Random
from typing import Any

import pytest

from tallyio.core.lending import LendingState
from tallyio.core.trade import LiquidateStep
from tallyio.market.lending import LendingMirror
from tallyio.protocols.lending.aave_v3.abi import keccak
from tallyio.protocols.lending.aave_v3.health import account_health
from tallyio.protocols.lending.aave_v3.liquidation import Case, LiquidationRefusedError, Quote, open_case
from tallyio.protocols.lending.aave_v3.liquidation_effect import apply_liquidation

Market = Any
CALL = "liquidationCall(address,address,address,uint256,bool)"
LIQUIDATION = "0xe413a321e8681d831f4dbccbca790d2952b56f977908e45be37335533e005286"
PANIC = bytes.fromhex("4e487b71")


class Judge:
    """Puts one liquidation to the chain, compares everything, and undoes it."""

    def __init__(self, market: Market, mirror: LendingMirror) -> None:
        self.m, self.mirror = market, mirror
        self.liquidator = market.world.account("searcher")
        self.seen: Counter[str] = Counter()

    @property
    def timestamp(self) -> int:
        return self.mirror.block.timestamp + 12

    async def judge(self, borrower: str, collateral: str, debt: str, amount: int) -> None:
        state = self.mirror.state
        before = self.m.snapshot()
        tx = self.m.send(self.liquidator, self.m.pool, CALL, collateral, debt, borrower, amount, False)
        block = self.m.mine(12)
        assert block.timestamp == self.timestamp
        predicted = self.predict(state, borrower, collateral, debt, amount)
        if isinstance(predicted, str):
            assert not self.m.succeeded(tx), f"predicted {predicted}, but it went through"
            assert self.reason(tx) == self.selector(predicted), predicted
            self.seen[predicted] += 1
        else:
            assert self.m.succeeded(tx), f"predicted {predicted}, refused with {self.reason(tx).hex()}"
            logs = self.m.logs(block.number, block.number)
            (event,) = [log for log in logs if log.topics[0] == LIQUIDATION]
            words = [int.from_bytes(event.data[i : i + 32]) for i in (0, 32)]
            assert words == [predicted.debt_paid, predicted.collateral_received]
            follower = LendingMirror(state, self.mirror.block)
            await follower.advance(block, logs, self.m.read)
            step = LiquidateStep(self.m.pool, collateral, debt, borrower, amount, predicted.collateral_received)
            assert apply_liquidation(state, step, block.timestamp) == follower.state
            self.seen["done"] += 1
            if state.accounts[borrower].emode:
                self.seen["in e-mode"] += 1
            if any(r.deficit for r in follower.state.reserves.values()):
                self.seen["bad debt"] += 1
        self.m.revert(before)

    def predict(self, state: LendingState, borrower: str, collateral: str, debt: str, amount: int) -> Quote | str:
        """What the liquidation does, or the name of the error that it ends with."""
        try:
            case = open_case(state, borrower, collateral, debt, self.timestamp)
            quote = case.quote(amount)
        except LiquidationRefusedError as refused:
            return refused.reason
        if quote.debt_paid < amount:
            self.seen["capped"] += 1
        if case.max_debt < case.owed:
            self.seen["half at most"] += 1
        return quote

    def reason(self, tx: str) -> bytes:
        trace = self.m.rpc.call("debug_traceTransaction", tx, {"tracer": "callTracer"})
        return bytes.fromhex(trace.get("output", "0x")[2:10])

    @staticmethod
    def selector(reason: str) -> bytes:
        return PANIC if reason == "Panic" else keccak(f"{reason}()")[:4]


def amounts(case: Case | None, random: Random) -> list[int]:
    """Amounts around every edge of a case."""
    if case is None:
        return [2**256 - 1, 1000]
    edges = [case.owed, case.max_debt, case.price(case.max_debt).debt_paid, case.owed * 9 // 10]
    unit = case.debt_unit * 10**8 // case.debt_price_e8
    edges += [case.owed - 1000 * unit, case.owed - 999 * unit]
    chosen = [max(0, e + random.choice((-1, 0, 1, 2))) for e in edges]
    return [2**256 - 1, 0, 1, random.randrange(1, case.owed + 2), *chosen]


@pytest.mark.parametrize(
    ("seed", "share"),
    [(1, 0.3), (2, 0.3), (3, 0.7), pytest.param(4, 1.0, marks=pytest.mark.nightly)],
)
async def test_outcome_is_predicted_to_the_wei(market: Market, seed: int, share: float) -> None:
    """``share`` of the accounts that can be liquidated, and a tenth as many of the others."""
    random = Random(seed)
    for symbol in ("WETH", "WBTC", "LINK", "STETH"):
        price = market.world.tokens[symbol].price_e8
        market.set_price(
            symbol, int(price * random.choice((0.35, 0.8, 0.87, 0.92, 0.97, 1.05))) + random.randrange(100)
        )
    liquidator = market.world.account("searcher")
    for symbol in market.assets:
        market.give(symbol, liquidator, market.world.tokens[symbol].amount(10**8 * 10**8))
    market.mine(random.choice((12, 86_400 * 30)))
    accounts = [a.address for a in (*market.borrowers, market.supplier)]
    mirror = await LendingMirror.start(market.read, market.aave.addresses_provider, accounts, market.head)
    judge = Judge(market, mirror)
    for borrower, position in mirror.state.accounts.items():
        healthy = account_health(mirror.state, position, judge.timestamp).factor_wad >= 10**18
        if random.random() > (share * 0.1 if healthy else share):
            continue
        for debt in position.borrowed or [random.choice(list(market.assets.values()))]:
            for collateral in [*position.supplied, random.choice(list(market.assets.values()))]:
                try:
                    case = open_case(mirror.state, borrower, collateral, debt, judge.timestamp)
                except LiquidationRefusedError:
                    case = None
                for amount in amounts(case, random):
                    await judge.judge(borrower, collateral, debt, amount)
    assert judge.seen["done"] > 10
    assert judge.seen["MustNotLeaveDust"] > 0


async def test_the_market_refuses_as_predicted(market: Market) -> None:
    """Paused reserves, a grace period, and a collateral reserve that was drained."""
    market.set_price("WETH", market.world.tokens["WETH"].price_e8 * 8 // 10)
    liquidator, whale = market.world.account("searcher"), market.world.account("newcomer")
    for symbol in market.assets:
        market.give(symbol, liquidator, market.world.tokens[symbol].amount(10**8 * 10**8))
    market.give("WBTC", whale, market.world.tokens["WBTC"].amount(10**9 * 10**8))
    market.mine()
    weth, usdc = market.assets["WETH"], market.assets["USDC"]
    market.send(whale, market.pool, SUPPLY, market.assets["WBTC"], 4 * 10**11, whale.address, 0)
    market.mine()
    accounts = [a.address for a in (*market.borrowers, market.supplier, whale)]
    begun = await LendingMirror.start(market.read, market.aave.addresses_provider, accounts, market.head)
    at_hand = begun.state.reserves[weth].virtual_balance
    states = (
        (market.admin, market.aave.configurator, "setReservePause(address,bool)", weth, True),
        (market.admin, market.aave.configurator, "setReservePause(address,bool,uint40)", weth, False, 60),
        (market.admin, market.aave.configurator, "disableLiquidationGracePeriod(address)", weth),
        (whale, market.pool, BORROW, weth, at_hand - 10**15, 2, 0, whale.address),
    )
    seen: Counter[str] = Counter()
    for state in states:
        market.send(*state)
        market.mine()
        mirror = await LendingMirror.start(market.read, market.aave.addresses_provider, accounts, market.head)
        judge = Judge(market, mirror)
        weak = (a for a, p in mirror.state.accounts.items() if weth in p.supplied and usdc in p.borrowed)
        for borrower in list(weak)[:4]:
            await judge.judge(borrower, weth, usdc, 2**256 - 1)
        seen += judge.seen
    assert seen["ReservePaused"] > 0
    assert seen["LiquidationGraceSentinelCheckFailed"] > 0
    assert seen["Panic"] > 0
    assert seen["done"] > 0


SUPPLY = "supply(address,uint256,address,uint16)"
BORROW = "borrow(address,uint256,uint256,uint16,address)"
