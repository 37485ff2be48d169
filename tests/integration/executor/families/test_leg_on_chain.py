"""One leg of a trade across chains: the owner's inventory is spent within the owner's bounds, and by nobody else."""

from typing import Any

import pytest
from msgspec.structs import replace

from tallyio.core.trade import Route
from tallyio.core.units import ETHER, Address
from tallyio.devnet import abi
from tallyio.execution.artifact import errors_of, leg_artifact
from tallyio.execution.deploy import creation_data
from tallyio.execution.leg import LegTrade, trade_calldata
from tallyio.execution.plan import execute_calldata
from tallyio.simulation.revert import Errors

FOREVER = 2**40


class Desk:
    """The contract with ten WETH and ten A of the owner's, and pools of WETH and A, and of A and B."""

    def __init__(self, town: Any) -> None:
        self.town, self.chain, self.weth = town, town.chain, town.weth
        self.a, self.b = town.lab.tokens[:2]
        self.operator = self.chain.accounts[2]
        self.leg = Address(self.chain.create(creation_data(town.weth, self.operator, leg_artifact)))
        for token in (town.weth, self.a):
            town.lab.fund(token, self.leg, 10 * ETHER)
        self.next = town.lab.v3_pool({self.a: 100 * ETHER, self.b: 100 * ETHER})

    def sale(self, paid: int = ETHER) -> LegTrade:
        """A for WETH, as predicted to the wei."""
        step = self.town.sell(paid)
        return LegTrade((step,), self.a, paid, self.weth, step.amount_out, FOREVER)

    def send(self, trade: LegTrade, sender: Address | None = None) -> bool:
        return bool(self.chain.send(self.leg, trade_calldata(trade, weth=self.weth), sender=sender)["status"] == "0x1")

    def why(self, trade: LegTrade) -> str:
        call = {"from": self.chain.owner, "to": self.leg, "data": "0x" + trade_calldata(trade, weth=self.weth).hex()}
        trace = self.chain.rpc.call("debug_traceCall", call, "latest", {"tracer": "callTracer"})
        return Errors(errors_of(leg_artifact())).explain(bytes.fromhex(trace["output"][2:]))

    def held(self) -> list[int]:
        return [self.chain.balance(token, self.leg) for token in (self.weth, self.a, self.b)]


@pytest.fixture
def desk(town: Any) -> Desk:
    return Desk(town)


def test_a_leg_gives_what_was_predicted_and_takes_no_more(desk: Desk) -> None:
    trade = desk.sale()
    before = desk.held()
    assert not desk.send(replace(trade, least=trade.least + 1))
    assert desk.why(replace(trade, least=trade.least + 1)).startswith("Short(")
    assert desk.send(trade)
    assert desk.held() == [before[0] + trade.least, before[1] - ETHER, before[2]]
    assert desk.chain.ask(desk.a, "allowance(address,address)", desk.leg, desk.town.pair) == 0


def test_a_leg_of_wrapped_ether_over_two_pools(desk: Desk) -> None:
    first = desk.town.buy(ETHER)
    second = desk.town.lab.swap("v3", desk.next, desk.a, desk.b, first.amount_out)
    trade = LegTrade((first, second), desk.weth, ETHER, desk.b, second.amount_out, FOREVER)
    assert not desk.send(replace(trade, most=ETHER - 1))
    assert desk.why(replace(trade, most=ETHER - 1)).startswith("Overspent(")
    assert desk.send(trade)
    assert desk.held() == [9 * ETHER, 10 * ETHER, second.amount_out]


def test_a_cycle_may_be_judged_in_another_token(desk: Desk) -> None:
    """A for WETH and back for more A."""
    dear = desk.town.lab.v2_pair("pancake", {desk.weth: 100 * ETHER, desk.a: 130 * ETHER})
    sold = desk.town.sell(ETHER)
    back = desk.town.lab.swap("pancake", dear, desk.weth, desk.a, sold.amount_out)
    gain = back.amount_out - ETHER
    assert gain > 0
    trade = LegTrade((sold, back), desk.a, ETHER, desk.a, gain, FOREVER)
    assert not desk.send(replace(trade, least=gain + 1))
    assert desk.send(trade)
    assert desk.held() == [10 * ETHER, 10 * ETHER + gain, 0]


def test_no_other_token_is_spent(desk: Desk) -> None:
    """A leg from WETH to B may not touch the A that lies there."""
    stray = desk.town.lab.swap("v3", desk.next, desk.a, desk.b, ETHER)
    trade = LegTrade((stray,), desk.weth, ETHER, desk.b, stray.amount_out, FOREVER)
    assert not desk.send(trade)
    assert desk.why(trade).startswith("Unfunded(")
    more = replace(desk.sale(2 * ETHER), most=ETHER)
    assert desk.why(more).startswith("Unfunded(")


def test_only_the_owner_trades_what_lies_there(desk: Desk) -> None:
    trade, before = desk.sale(), desk.held()
    assert not desk.send(trade, desk.chain.stranger)
    assert not desk.send(trade, desk.operator)
    assert desk.held() == before


def test_the_operator_runs_routes_as_in_the_executor(desk: Desk) -> None:
    dear = desk.town.lab.v3_pool({desk.weth: 130 * ETHER, desk.a: 100 * ETHER})
    bought = desk.town.buy(ETHER)
    sold = desk.town.lab.swap("v3", dear, desk.a, desk.weth, bought.amount_out)
    data = execute_calldata(Route(funding=bought, inner=(sold,)), 0, 0, weth=desk.weth)
    desk.chain.do(desk.leg, data, sender=desk.operator)
    assert desk.held() == [10 * ETHER + sold.amount_out - ETHER, 10 * ETHER, 0]


def test_a_bid_is_paid_and_a_late_leg_is_refused(desk: Desk) -> None:
    head = desk.chain.rpc.call("eth_getBlockByNumber", "latest", False)
    late = replace(desk.sale(), expiry=int(head["timestamp"], 16) + 11)
    assert not desk.send(late)
    head = desk.chain.rpc.call("eth_getBlockByNumber", "latest", False)
    proposer = head["miner"]
    had = desk.chain.ether(proposer)
    trade = replace(desk.sale(), bid_wei=ETHER // 100, expiry=int(head["timestamp"], 16) + 12)
    receipt = desk.chain.do(desk.leg, trade_calldata(trade, weth=desk.weth))
    price = int(receipt["effectiveGasPrice"], 16) - int(
        desk.chain.rpc.call("eth_getBlockByNumber", "latest", False)["baseFeePerGas"], 16
    )
    assert desk.chain.ether(proposer) == had + ETHER // 100 + price * int(receipt["gasUsed"], 16)
    assert desk.held()[0] == 10 * ETHER + trade.least - ETHER // 100


def test_the_owner_takes_everything_out(desk: Desk) -> None:
    desk.chain.do(desk.leg, abi.call("emergencyExit(address[])", [desk.weth, desk.a]))
    assert desk.held() == [0, 0, 0]
