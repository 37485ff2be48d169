"""Whatever bytes the executor is sent, by whomever: it never has less of anything afterwards, but for its owner's will.

Damaged and made-up routes against published pools and hostile ones, from seeds; `nightly` tries many more.
"""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from tallyio.chains.keccak import keccak256
from tallyio.core.clock import seeded
from tallyio.core.trade import FlashLoan, LiquidateStep, Route, SwapStep
from tallyio.core.units import ETHER, Address
from tallyio.devnet import abi
from tallyio.execution.deploy import creation_data
from tallyio.execution.plan import EXECUTE_SELECTOR, execute_calldata
from tallyio.execution.steps import Given, nothing, pack_flash_loan, pack_liquidation, pack_swap

FAMILIES = ("uniswap_v2", "uniswap_v3", "uniswap_v2", "uniswap_v3", "curve", "liquidity_book", "balancer_v3")
MANY = pytest.param(1_000, marks=pytest.mark.nightly)
SOURCES = ("aave_v3", "uniswap_v2", "uniswap_v3", "uniswap_v4", "morpho", "balancer_v3")


class Ground:
    """An executor that holds everything, an operator that is not its owner, pools that are honest and pools that give
    for nothing and take what they can."""

    def __init__(self, lab: Any) -> None:
        self.lab, chain = lab, lab.chain
        self.operator = chain.accounts[2]
        self.executor = Address(chain.create(creation_data(lab.weth, self.operator)))
        self.tokens = [lab.weth, *lab.tokens[:2]]
        weth, a, b = self.tokens
        self.pools = [
            lab.v2_pair("uniswap", {weth: 100 * ETHER, a: 100 * ETHER}),
            lab.v2_pair("pancake", {weth: 100 * ETHER, a: 90 * ETHER}),
            lab.v3_pool({weth: 100 * ETHER, a: 80 * ETHER}),
            lab.v3_pool({a: 100 * ETHER, b: 100 * ETHER}),
            lab.create("HostilePool"),
            lab.create("HostilePool"),
        ]
        for pool, token in ((self.pools[4], a), (self.pools[5], b)):
            order = (0, token, ETHER, 1, pool)
            chain.do(pool, abi.call("behave(uint8,address,uint256,uint256,address)", *order))
        for token in self.tokens:
            lab.fund(token, self.executor, 5 * ETHER)
        chain.rpc.call("anvil_setBalance", self.executor, hex(ETHER))

    def held(self) -> list[int]:
        chain = self.lab.chain
        return [chain.ether(self.executor), *(chain.balance(token, self.executor) for token in self.tokens)]

    def steps(self, random: Random, place: int, given: Given, depth: int) -> bytes:
        """Made up: amounts near what pools hold and hostile ones give, any family on any pool, loans in loans."""
        packed = b""
        for _ in range(random.randint(1, 3)):
            token_in, token_out = random.sample(self.tokens, 2)
            if given.token in self.tokens and random.random() < 0.7:
                token_in = given.token
                token_out = random.choice([token for token in self.tokens if token != token_in])
            pool = random.choice(self.pools)
            paid = random.choice([1, ETHER, given.amount or 1, random.randrange(1, 2 * ETHER)])
            got = random.choice([1, ETHER, random.randrange(1, 2 * ETHER)])
            inner = None
            choice = random.random()
            if choice < 0.2 and depth < 3:
                loan = FlashLoan(pool, token_in, paid, random.choice([0, 1, got]), random.choice(SOURCES), 1)
                inner = self.steps(random, place + 1, given.after(loan), depth + 1)
                packed += pack_flash_loan(loan, place, given, inner)
                given = given.after(loan)
                continue
            if choice < 0.3:
                step = LiquidateStep(pool, token_out, token_in, self.operator, paid, got)
                packed += pack_liquidation(step, place, given)
                given = given.after(step)
                continue
            family = random.choice(FAMILIES)
            detail = {"curve": (0, 0, 1), "liquidity_book": (1,), "balancer_v3": (int(pool, 16),)}.get(family, ())
            swap = SwapStep(pool, family, token_in, token_out, paid, got, 0, detail=detail)
            if depth < 3 and family in ("uniswap_v2", "uniswap_v3") and random.random() < 0.4:
                inner = self.steps(random, place + 1, given.after(swap), depth + 1)
            flags = random.choice([0, 0, 0, 0, 2, 4])
            packed += pack_swap(swap, place, given, flags, inner)
            given = given.after(swap)
        return packed

    def honest(self) -> bytes:
        weth, a = self.tokens[:2]
        hops = [("uniswap", self.pools[0]), ("v3", self.pools[2])]
        funding, inner = self.lab.chained(hops, [weth, a, weth], ETHER)
        return execute_calldata(Route(funding=funding, inner=(inner,)), 0, 0, weth=weth)


@pytest.fixture
def ground(lab: Any) -> Ground:
    return Ground(lab)


def runs(ground: Ground, make: Callable[[Random], bytes], sender: Address, seed: int, count: int) -> int:
    """How many of ``count`` calls succeeded; after each the executor has no less than before."""
    random, chain = seeded(seed, "executor"), ground.lab.chain
    done = 0
    snapshot = chain.rpc.call("evm_snapshot")
    for _ in range(count):
        before = ground.held()
        data = make(random)
        succeeded = chain.send(ground.executor, data, sender=sender)["status"] == "0x1"
        after = ground.held()
        assert all(now >= then for now, then in zip(after, before, strict=True)), data.hex()
        if succeeded:
            done += 1
            chain.rpc.call("evm_revert", snapshot)
            snapshot = chain.rpc.call("evm_snapshot")
    return done


@pytest.mark.parametrize("count", [120, MANY])
def test_no_route_of_the_operator_takes_anything_away(ground: Ground, count: int) -> None:
    weth = ground.tokens[0]

    def make(random: Random) -> bytes:
        return EXECUTE_SELECTOR + bytes(3) + ground.steps(random, 0, nothing(weth), 0)

    assert runs(ground, make, ground.operator, 1, count) >= 1


@pytest.mark.parametrize("count", [80, MANY])
def test_no_damaged_route_takes_anything_away(ground: Ground, count: int) -> None:
    honest = ground.honest()

    def make(random: Random) -> bytes:
        data = bytearray(honest)
        for _ in range(random.randint(0, 2)):
            data[random.randrange(7, len(data))] ^= 1 << random.randrange(8)
        return bytes(data[: random.choice([len(data), len(data), random.randrange(4, len(data))])])

    assert runs(ground, make, ground.operator, 2, count) >= 1


@pytest.mark.parametrize("count", [80, MANY])
def test_a_stranger_moves_nothing_and_no_callback_lets_one_in(ground: Ground, count: int) -> None:
    """Functions and callbacks by their names, with plausible and with random arguments."""
    honest = ground.honest()
    names = [
        "execute()", "withdraw(address,uint256,address)", "emergencyExit(address[])", "balancerV3Unlocked(bytes)",
        "uniswapV2Call(address,uint256,uint256,bytes)", "hook(address,uint256,uint256,bytes)",
        "uniswapV3SwapCallback(int256,int256,bytes)", "algebraFlashCallback(uint256,uint256,bytes)",
        "unlockCallback(bytes)", "executeOperation(address,uint256,uint256,address,bytes)",
        "onMorphoFlashLoan(uint256,bytes)", "receiveFlashLoan(address[],uint256[],uint256[],bytes)",
    ]  # fmt: skip

    def make(random: Random) -> bytes:
        name = random.choice(names)
        words = b"".join(random.choice([0x20, 0x60, 0x80, 1, ETHER, 0]).to_bytes(32) for _ in range(4))
        body = random.choice([honest[4:], words + honest[7:], random.randbytes(random.randrange(400))])
        return keccak256(name.encode())[:4] + body

    assert runs(ground, make, ground.lab.chain.stranger, 3, count) == 0
