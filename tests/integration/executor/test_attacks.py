"""Who may not call, what a hostile pool or token tries, and that none of it moves anything."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from tallyio.chains.addresses import created_by
from tallyio.core.pools import V2, V3
from tallyio.core.trade import FlashLoan, LiquidateStep, Route, SwapStep
from tallyio.core.units import ETHER, Address
from tallyio.devnet import abi
from tallyio.execution.deploy import creation_data, deployment_of
from tallyio.execution.plan import EXECUTE_SELECTOR, encode_route, execute_calldata
from tallyio.execution.steps import FORWARD, PREPAID

HONEST, NO_CALLBACK, CALLS_TWICE, CHANGES_DATA, OTHER_CALLBACK, LETS_ANOTHER_CALL, OVERCHARGES, DOES_NOT_PULL = range(8)
NOBODY = Address("0x" + "00" * 20)


class Trap:
    """A hostile pool that hands out ``amount`` of a token for one wei of another, and a way out into WETH."""

    def __init__(self, lab: Any) -> None:
        self.lab = lab
        self.pool = lab.create("HostilePool")
        self.accomplice = lab.create("HostilePool")
        self.token = lab.tokens[0]
        self.exit = lab.pool("uniswap", {self.token: 1_000 * ETHER, lab.weth: 1_000 * ETHER})
        lab.fund(lab.weth, lab.executor, 5 * ETHER)

    def set(self, trick: int, amount_out: int, owed: int) -> None:
        signature = "behave(uint8,address,uint256,uint256,address)"
        self.lab.chain.do(self.pool, abi.call(signature, trick, self.token, amount_out, owed, self.accomplice))

    def swap(self, family: str, paid: int, got: int) -> SwapStep:
        return SwapStep(
            pool=self.pool,
            family=family,
            token_in=self.lab.weth,
            token_out=self.token,
            amount_in=paid,
            amount_out=got,
            fee_pips=0,
        )

    def route(self, family: str, paid: int = 1, got: int = ETHER) -> Route:
        way_out = self.lab.swap("uniswap", self.exit, self.token, self.lab.weth, got)
        return Route(funding=self.swap(family, paid, got), inner=(way_out,))


@pytest.fixture
def trap(lab: Any) -> Trap:
    return Trap(lab)


# ------------------------------------------------------------------ callers


def test_the_deployer_owns_it_and_it_knows_weth(lab: Any) -> None:
    code = bytes.fromhex(lab.chain.rpc.call("eth_getCode", lab.executor, "latest")[2:])
    found = deployment_of(code)
    assert found is not None
    assert (found.owner, found.weth) == (lab.chain.owner, lab.weth)
    assert lab.chain.ask(lab.executor, "owner()", returns="(address)").lower() == lab.chain.owner
    assert lab.chain.ask(lab.executor, "weth()", returns="(address)").lower() == lab.weth


def test_it_lands_where_predicted(lab: Any) -> None:
    nonce = int(lab.chain.rpc.call("eth_getTransactionCount", lab.chain.stranger, "latest"), 16)
    made = lab.chain.create(creation_data(lab.weth), sender=lab.chain.stranger)
    assert made == created_by(lab.chain.stranger, nonce)


@pytest.mark.parametrize(
    ("signature", "arguments"),
    [
        ("withdraw(address,uint256,address)", (NOBODY, 0, "0x" + "11" * 20)),
        ("emergencyExit(address[])", ([],)),
    ],
)
def test_strangers_are_refused(lab: Any, signature: str, arguments: tuple[Any, ...]) -> None:
    data = abi.call(signature, *arguments)
    said = lab.chain.refusal(lab.executor, data, sender=lab.chain.stranger)
    assert said == f"NotOwner(caller={lab.chain.stranger})"
    lab.chain.do(lab.executor, data)


EMPTY_RUN = EXECUTE_SELECTOR + bytes(3)


def test_strangers_cannot_run_anything(lab: Any) -> None:
    said = lab.chain.refusal(lab.executor, EMPTY_RUN, sender=lab.chain.stranger)
    assert said == f"NotOperator(caller={lab.chain.stranger})"
    lab.chain.do(lab.executor, EMPTY_RUN)


def test_an_operator_may_run_and_nothing_else(lab: Any) -> None:
    operator = lab.chain.accounts[2]
    executor = lab.chain.create(creation_data(lab.weth, operator))
    found = deployment_of(bytes.fromhex(lab.chain.rpc.call("eth_getCode", executor, "latest")[2:]))
    assert found is not None
    assert (found.owner, found.operator) == (lab.chain.owner, operator)
    for sender in (operator, lab.chain.owner):
        lab.chain.do(executor, EMPTY_RUN, sender=sender)
    assert lab.chain.refusal(executor, EMPTY_RUN, sender=lab.chain.stranger).startswith("NotOperator")
    for data in (
        abi.call("withdraw(address,uint256,address)", NOBODY, 0, operator),
        abi.call("emergencyExit(address[])", []),
    ):
        assert lab.chain.refusal(executor, data, sender=operator) == f"NotOwner(caller={operator})"


CALLBACKS = [
    *(
        (f"{name}(address,uint256,uint256,bytes)", lambda data: (NOBODY, 1, 1, data))
        for name in ("uniswapV2Call", "pancakeCall", "joeCall", "hook")
    ),
    *(
        (f"{name}SwapCallback(int256,int256,bytes)", lambda data: (1, 1, data))
        for name in ("uniswapV3", "pancakeV3", "algebra")
    ),
    *(
        (f"{name}FlashCallback(uint256,uint256,bytes)", lambda data: (1, 1, data))
        for name in ("uniswapV3", "pancakeV3", "algebra")
    ),
    ("executeOperation(address,uint256,uint256,address,bytes)", lambda data: (NOBODY, 1, 1, NOBODY, data)),
    ("unlockCallback(bytes)", lambda data: (data,)),
    ("balancerV3Unlocked(bytes)", lambda data: (data,)),
    ("receiveFlashLoan(address[],uint256[],uint256[],bytes)", lambda data: ([NOBODY], [1], [0], data)),
    ("onMorphoFlashLoan(uint256,bytes)", lambda data: (1, data)),
    ("callFunction(address,(address,uint256),bytes)", lambda data: (NOBODY, (NOBODY, 1), data)),
]


@pytest.mark.parametrize(("signature", "arguments"), CALLBACKS)
@pytest.mark.parametrize("kind", ["owner", "stranger"])
def test_a_callback_out_of_the_blue_is_refused(
    lab: Any, trap: Trap, signature: str, arguments: Callable[[bytes], tuple[Any, ...]], kind: str
) -> None:
    """Not even the owner may call one, with data that would move the executor's WETH."""
    sender = getattr(lab.chain, kind)
    for family in (V2, V3):
        stolen = bytes(256) + encode_route(trap.route(family))
        data = abi.call(signature, *arguments(stolen))
        assert lab.chain.refusal(lab.executor, data, sender=sender) == f"UnexpectedCallback(caller={sender})"


@pytest.mark.parametrize(("signature", "arguments"), CALLBACKS)
def test_an_empty_callback_is_refused(lab: Any, signature: str, arguments: Callable[[bytes], tuple[Any, ...]]) -> None:
    sender = lab.chain.stranger
    said = lab.chain.refusal(lab.executor, abi.call(signature, *arguments(b"")), sender=sender)
    assert said == f"UnexpectedCallback(caller={sender})"


def test_a_real_pair_cannot_be_made_to_call_back(lab: Any) -> None:
    """Anybody may start a flash swap in the executor's name; the pair is real, the call is not ours."""
    pair = lab.pool("uniswap", {lab.tokens[0]: 1_000 * ETHER, lab.weth: 1_000 * ETHER})
    lab.fund(lab.weth, lab.executor, 5 * ETHER)
    data = abi.call("swap(uint256,uint256,address,bytes)", 1, 0, lab.executor, b"\x01")
    assert lab.chain.refusal(pair, data, sender=lab.chain.stranger) == f"UnexpectedCallback(caller={pair})"


# ------------------------------------------------------------- hostile pools


@pytest.mark.parametrize("family", [V2, V3])
def test_the_trap_itself_works_when_it_is_honest(lab: Any, trap: Trap, family: str) -> None:
    trap.set(HONEST, ETHER, 1)
    route = trap.route(family)
    assert lab.executed(lab.execute(route)) == (route.inner[0].amount_out - 1, 0)


@pytest.mark.parametrize("family", [V2, V3])
@pytest.mark.parametrize(
    ("trick", "complaint"),
    [
        (NO_CALLBACK, "CallbackMissing(pool={pool})"),
        (CALLS_TWICE, "UnexpectedCallback(caller={pool})"),
        (CHANGES_DATA, "UnexpectedCallback(caller={pool})"),
        (OTHER_CALLBACK, "UnexpectedCallback(caller={pool})"),
        (LETS_ANOTHER_CALL, "UnexpectedCallback(caller={accomplice})"),
    ],
)
def test_a_hostile_pool_is_refused(
    lab: Any, trap: Trap, state_of: Callable[..., dict[str, int]], family: str, trick: int, complaint: str
) -> None:
    trap.set(trick, ETHER, 1)
    route = trap.route(family)
    before = state_of(trap.pool, trap.exit)
    assert lab.refusal(route) == complaint.format(pool=trap.pool, accomplice=trap.accomplice)
    assert lab.execute(route)["status"] == "0x0"
    assert state_of(trap.pool, trap.exit) == before


@pytest.mark.parametrize("family", [V2, V3])
def test_a_pool_that_gives_too_little_gets_nothing(lab: Any, trap: Trap, family: str) -> None:
    trap.set(HONEST, ETHER - 1, 1)
    kind = 1 if family == V2 else 2
    assert lab.refusal(trap.route(family)) == (
        f"InsufficientReceived(place=0, kind={kind}, expected={ETHER}, found={ETHER - 1})"
    )


def test_a_pool_that_asks_for_more_than_stated_gets_nothing(lab: Any, trap: Trap) -> None:
    trap.set(OVERCHARGES, ETHER, 2)
    assert lab.refusal(trap.route(V3)) == "Overcharged(place=0, kind=2, expected=1, found=2)"


@pytest.mark.parametrize("family", [V2, V3])
def test_a_plain_swap_that_gives_nothing_is_refused(lab: Any, trap: Trap, family: str) -> None:
    """The payment went out first; the revert brings it back."""
    trap.set(HONEST, 0, ETHER)
    other = lab.pool("v3", {lab.tokens[1]: 1_000 * ETHER, lab.weth: 1_000 * ETHER})
    opening = lab.swap("v3", other, lab.tokens[1], lab.weth, 2 * ETHER)
    route = Route(funding=opening, inner=(trap.swap(family, ETHER, 1),))
    kind = 1 if family == V2 else 2
    assert lab.refusal(route) == f"InsufficientReceived(place=1, kind={kind}, expected=1, found=0)"


@pytest.mark.parametrize(
    ("trick", "given", "premium", "complaint"),
    [
        (NO_CALLBACK, 10, 1, "CallbackMissing(pool={pool})"),
        (CALLS_TWICE, 10, 1, "UnexpectedCallback(caller={pool})"),
        (CHANGES_DATA, 10, 1, "UnexpectedCallback(caller={pool})"),
        (HONEST, 9, 1, "InsufficientReceived(place=0, kind=9, expected=10, found=9)"),
        (OVERCHARGES, 10, 2, "Overcharged(place=0, kind=9, expected=1, found=2)"),
    ],
)
def test_a_hostile_lender_is_refused(
    lab: Any, trap: Trap, trick: int, given: int, premium: int, complaint: str
) -> None:
    trap.set(trick, given, premium)
    loan = FlashLoan(market=trap.pool, token=trap.token, amount=10, premium=1)
    route = Route(funding=loan, inner=(lab.swap("uniswap", trap.exit, lab.weth, trap.token, ETHER),))
    assert lab.refusal(route) == complaint.format(pool=trap.pool)


def test_what_lay_in_the_executor_pays_for_nothing(lab: Any, trap: Trap) -> None:
    """However a route is written: a step spends what steps before it brought in."""
    trap.set(HONEST, ETHER, 1)
    lab.fund(trap.token, lab.executor, 100 * ETHER)
    lab.fund(lab.tokens[1], lab.executor, 100)
    sale = lab.swap("uniswap", trap.exit, trap.token, lab.weth, ETHER + 1)
    greedy = Route(funding=trap.swap(V3, 1, ETHER), inner=(sale,))
    assert lab.refusal(greedy) == f"Unfunded(token={trap.token}, has={ETHER}, wanted={ETHER + 1})"
    gift = replace(trap.swap(V2, 100, ETHER), pool=trap.accomplice, token_in=lab.tokens[1])
    route = Route(funding=trap.swap(V3, 1, ETHER), inner=(gift,))
    assert lab.refusal(route) == f"Unfunded(token={lab.tokens[1]}, has=0, wanted=100)"
    loan = FlashLoan(market=trap.pool, token=trap.token, amount=ETHER, premium=1)
    repaid = Route(funding=loan, inner=(lab.swap("uniswap", trap.exit, trap.token, lab.weth, 10),))
    assert lab.refusal(repaid) == f"Unfunded(token={trap.token}, has={ETHER - 10}, wanted={ETHER + 1})"


def test_a_lender_that_pulls_less_keeps_no_allowance(lab: Any, trap: Trap) -> None:
    """So that a token which refuses to change an allowance can be used again and again."""
    usd = lab.create("UsdLikeToken")
    way_out = lab.pool("pancake", {usd: 10**12, lab.weth: 1_000 * ETHER})
    trap.token = usd
    trap.set(DOES_NOT_PULL, 10**6, 1)
    loan = FlashLoan(market=trap.pool, token=usd, amount=10**6, premium=1)
    for _ in range(2):
        sale = lab.swap("pancake", way_out, usd, lab.weth, 10**6 - 1)
        route = Route(funding=loan, inner=(trap.swap(V2, 1, 10**6), sale))
        assert lab.executed(lab.execute(route)) == (sale.amount_out - 1, 0)
        assert lab.chain.ask(usd, "allowance(address,address)", lab.executor, trap.pool) == 0


def test_a_liquidation_that_takes_no_debt_leaves_no_allowance(lab: Any, trap: Trap) -> None:
    usd = lab.create("UsdLikeToken")
    lab.fund(usd, lab.executor, 100)
    trap.set(DOES_NOT_PULL, ETHER, 0)
    liquidation = LiquidateStep(
        market=trap.pool,
        collateral=trap.token,
        debt=usd,
        borrower=lab.chain.stranger,
        debt_to_cover=100,
        collateral_received=ETHER,
    )
    loan = FlashLoan(market=trap.pool, token=trap.token, amount=1, premium=0)
    for _ in range(2):
        route = Route(funding=loan, inner=(liquidation, lab.swap("uniswap", trap.exit, trap.token, lab.weth, ETHER)))
        lab.executed(lab.execute(route))
        assert lab.chain.ask(usd, "allowance(address,address)", lab.executor, trap.pool) == 0


# ------------------------------------------------------------- hostile tokens


def test_a_token_that_calls_back_in_gets_nowhere(lab: Any) -> None:
    """Even when the owner is a contract that lets the token speak with its voice."""
    owner = lab.create("ContractOwner")
    lab.chain.do(owner, abi.call("create(bytes)", creation_data(lab.weth)))
    executor = Address(lab.chain.ask(owner, "executor()", returns="(address)").lower())
    token = lab.create("HostileToken")
    lab.fund(lab.weth, executor, 5 * ETHER)
    hops = [
        ("uniswap", lab.pool("uniswap", {lab.weth: 100 * ETHER, token: 220 * ETHER})),
        ("pancake", lab.pool("pancake", {token: 180 * ETHER, lab.weth: 100 * ETHER})),
    ]
    funding, inner = lab.chained(hops, [lab.weth, token, lab.weth], ETHER)
    route = Route(funding=funding, inner=(inner,))
    thief = lab.chain.stranger
    attacks = [
        abi.call("withdraw(address,uint256,address)", lab.weth, ETHER, thief),
        abi.call("emergencyExit(address[])", [lab.weth]),
        execute_calldata(route, 0, 0),
        *(abi.call(signature, *arguments(bytes(32) + encode_route(route))) for signature, arguments in CALLBACKS),
    ]
    relayed = [abi.call("relay(bytes)", attack) for attack in attacks]
    lab.chain.do(token, abi.call("attack(address,bytes[])", owner, relayed))
    run = abi.call("relay(bytes)", execute_calldata(route, 0, 0))
    lab.chain.do(owner, run)
    assert lab.chain.ask(token, "tried()") == 2 * len(attacks)  # the pair's transfer to us, ours to the next pair
    assert lab.chain.ask(token, "succeeded()") == 0
    assert lab.chain.balance(lab.weth, executor) == 5 * ETHER + inner.amount_out - funding.amount_in
    lab.chain.do(owner, relayed[0])  # the same call is fine outside of a trade
    assert lab.chain.balance(lab.weth, thief) == ETHER


# ------------------------------------------------------------ malformed steps


def malformed(lab: Any, packed: bytes) -> str:
    return lab.chain.refusal(lab.executor, EXECUTE_SELECTOR + bytes(3) + packed)


def test_malformed_steps_are_refused(lab: Any, trap: Trap) -> None:
    trap.set(HONEST, ETHER, 1)
    route = trap.route(V3)
    packed = encode_route(route)
    inner = packed.index(bytes.fromhex(trap.exit[2:])) - 4
    assert int.from_bytes(packed[inner - 2 : inner]) == len(packed) - inner
    assert malformed(lab, b"\x0b" + packed[1:]) == "UnknownStep(kind=11)"
    assert malformed(lab, b"\x00") == "UnknownStep(kind=0)"
    assert malformed(lab, packed[:-1]) == "Truncated(place=0)"
    assert malformed(lab, packed[:60]) == "Truncated(place=0)"
    assert malformed(lab, packed + packed[inner:-1]) == "Truncated(place=1)"


def test_a_forward_to_something_else_is_refused(lab: Any, trap: Trap) -> None:
    trap.set(HONEST, ETHER, 1)
    packed = bytearray(encode_route(trap.route(V3)))
    inner = packed.index(bytes.fromhex(trap.exit[2:])) - 4
    assert packed[1] & FORWARD
    assert packed[inner + 1] & PREPAID
    packed[inner + 1] &= ~PREPAID
    assert malformed(lab, bytes(packed)) == "NotForwardable(place=0)"


def test_a_proposer_that_refuses_the_bid_stops_the_trade(lab: Any) -> None:
    proposer = lab.create("RefusingProposer")
    lab.chain.rpc.call("anvil_setCoinbase", proposer)
    weth, a = lab.weth, lab.tokens[0]
    hops = [
        ("uniswap", lab.pool("uniswap", {weth: 100 * ETHER, a: 220 * ETHER})),
        ("v3", lab.pool("v3", {a: 180 * ETHER, weth: 100 * ETHER})),
    ]
    funding, inner = lab.chained(hops, [weth, a, weth], ETHER)
    route = Route(funding=funding, inner=(inner,))
    receipt = lab.execute(route, bid=7)
    lab.chain.rpc.call("anvil_setCoinbase", "0x" + "c0" * 20)
    assert receipt["status"] == "0x0"
    assert lab.chain.balance(weth, lab.executor) == 0
    assert lab.executed(lab.execute(replace(route), bid=7))[1] == 7
