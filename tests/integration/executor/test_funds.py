"""Taking money out: what the owner asks for arrives, and no token can keep the others in."""

from typing import Any

import pytest

from tallyio.core.units import ETHER, Address
from tallyio.devnet import abi

NOBODY = Address("0x" + "00" * 20)
FRIEND = Address("0x" + "f1" * 20)
WITHDRAW = "withdraw(address,uint256,address)"
ANSWERS_FALSE, REVERTS, BURNS_ALL_GAS, HUGE_ANSWER, NO_BALANCE = range(5)


def put_ether(lab: Any, amount: int) -> None:
    lab.chain.rpc.call("anvil_setBalance", lab.executor, hex(amount))


def test_withdraw_a_token(lab: Any) -> None:
    lab.fund(lab.weth, lab.executor, 5)
    lab.chain.do(lab.executor, abi.call(WITHDRAW, lab.weth, 3, FRIEND))
    assert [lab.chain.balance(lab.weth, h) for h in (lab.executor, FRIEND)] == [2, 3]


def test_withdraw_a_token_that_returns_nothing(lab: Any) -> None:
    usd = lab.create("UsdLikeToken")
    lab.fund(usd, lab.executor, 5)
    lab.chain.do(lab.executor, abi.call(WITHDRAW, usd, 5, FRIEND))
    assert lab.chain.balance(usd, FRIEND) == 5


def test_withdraw_ether(lab: Any) -> None:
    put_ether(lab, 10)
    lab.chain.do(lab.executor, abi.call(WITHDRAW, NOBODY, 4, FRIEND))
    assert [lab.chain.ether(h) for h in (lab.executor, FRIEND)] == [6, 4]


def test_withdraw_says_why_not(lab: Any) -> None:
    lab.fund(lab.weth, lab.executor, 5)
    refuser = lab.create("RefusingProposer")
    said = [
        lab.chain.refusal(lab.executor, abi.call(WITHDRAW, *arguments))
        for arguments in ((lab.weth, 6, FRIEND), (lab.weth, 5, NOBODY), (NOBODY, 1, FRIEND), (NOBODY, 0, refuser))
    ]
    assert said == [
        f"TransferFailed(token={lab.weth}, to={FRIEND}, amount=6)",
        "ZeroAddress()",
        f"EtherRefused(to={FRIEND}, amount=1)",
        f"EtherRefused(to={refuser}, amount=0)",
    ]


def test_a_token_without_code_is_not_a_token(lab: Any) -> None:
    said = lab.chain.refusal(lab.executor, abi.call(WITHDRAW, FRIEND, 0, FRIEND))
    assert said == f"TransferFailed(token={FRIEND}, to={FRIEND}, amount=0)"


def test_ether_from_anyone_but_weth_is_sent_back(lab: Any) -> None:
    said = lab.chain.refusal(lab.executor, b"", value=1)
    assert said == f"EtherNotAccepted(from={lab.chain.owner})"


def test_a_call_of_nothing_known_reverts(lab: Any) -> None:
    assert lab.chain.refusal(lab.executor, bytes.fromhex("deadbeef")) == "UnknownFunction(selector=0xdeadbeef)"


@pytest.mark.parametrize("fault", [ANSWERS_FALSE, REVERTS, BURNS_ALL_GAS, HUGE_ANSWER, NO_BALANCE])
def test_an_emergency_exit_brings_out_all_but_the_broken_token(lab: Any, fault: int) -> None:
    broken = lab.create("BrokenToken", abi.pack("(uint8)", fault))
    usd = lab.create("UsdLikeToken")
    lab.fund(lab.weth, lab.executor, 3 * ETHER)
    lab.fund(lab.tokens[0], lab.executor, 7)
    lab.fund(usd, lab.executor, 11)
    put_ether(lab, 2 * ETHER)
    before = {t: lab.chain.balance(t, lab.chain.owner) for t in (lab.weth, lab.tokens[0], usd)}
    ether = lab.chain.ether(lab.chain.owner)
    listed = [lab.weth, broken, FRIEND, lab.tokens[0], lab.tokens[1], usd]
    receipt = lab.chain.do(lab.executor, abi.call("emergencyExit(address[])", listed))
    after = {t: lab.chain.balance(t, lab.chain.owner) for t in before}
    assert [after[t] - before[t] for t in before] == [3 * ETHER, 7, 11]
    assert [lab.chain.balance(t, lab.executor) for t in before] == [0, 0, 0]
    paid = int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
    assert lab.chain.ether(lab.chain.owner) - ether + paid == 2 * ETHER
    assert lab.chain.ether(lab.executor) == 0
    left = [log["topics"][1][-40:] for log in receipt["logs"] if log["topics"][0] == abi.topic("ExitFailed(address)")]
    assert left == [broken[2:], FRIEND[2:]]
    assert int(receipt["gasUsed"], 16) < 1_500_000


def test_an_emergency_exit_survives_an_owner_that_takes_no_ether(lab: Any) -> None:
    from tallyio.execution.deploy import creation_data

    owner = lab.create("ContractOwner")
    lab.chain.do(owner, abi.call("create(bytes)", creation_data(lab.weth)))
    executor = Address(lab.chain.ask(owner, "executor()", returns="(address)").lower())
    lab.fund(lab.weth, executor, 5)
    lab.chain.rpc.call("anvil_setBalance", executor, hex(9))
    exit_call = abi.call("emergencyExit(address[])", [lab.weth])
    receipt = lab.chain.do(owner, abi.call("relay(bytes)", exit_call))
    assert lab.chain.balance(lab.weth, owner) == 5
    assert lab.chain.ether(executor) == 9
    assert [log["topics"][1][-40:] for log in receipt["logs"] if len(log["topics"]) == 2] == ["00" * 20]
    lab.chain.do(owner, abi.call("relay(bytes)", abi.call(WITHDRAW, NOBODY, 9, FRIEND)))
    assert lab.chain.ether(FRIEND) == 9
