"""Balancer v2 as a family: found in the vault's events, read, followed by events alone, priced in floats, refused."""

import random
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from tallyio.core.errors import ChainDataError
from tallyio.core.pools import BALANCER_V2, Pool, PoolState
from tallyio.core.units import Address
from tallyio.devnet import abi, solidity
from tallyio.devnet.artifacts import from_source
from tallyio.protocols.dex.balancer_v2 import BalancerV2
from tallyio.protocols.dex.deployments import Deployment
from tallyio.protocols.dex.families.balancer_stable import StablePool
from tallyio.protocols.dex.family import Learned

ME = "0x" + "11" * 20
ONE, DAY = 10**18, 86_400
KINDS = ("weighted_v1", "weighted_v3", "stable_v2", "meta_stable", "composable_v1", "composable_v3")
FAMILY = BalancerV2()
LIAR = """
pragma solidity ^0.8.0;
interface Vault {
    function registerPool(uint8) external returns (bytes32);
    function registerTokens(bytes32, address[] calldata, address[] calldata) external;
}
contract Liar {
    bytes32 public getPoolId;
    constructor(Vault vault, address[] memory tokens) {
        getPoolId = vault.registerPool(1);
        vault.registerTokens(getPoolId, tokens, new address[](tokens.length));
    }
    function getNormalizedWeights() external pure returns (uint256[] memory weights) {
        weights = new uint256[](2);
        weights[0] = weights[1] = 5e17;
    }
    function getPausedState() external pure returns (bool, uint256, uint256) { return (false, 0, 0); }
    function getSwapFeePercentage() external pure returns (uint256) { return 1e15; }
    function onJoinPool(bytes32, address, address, uint256[] calldata, uint256, uint256, bytes calldata data)
        external pure returns (uint256[] memory amounts, uint256[] memory fees)
    {
        (, amounts) = abi.decode(data, (uint256, uint256[]));
        fees = new uint256[](2);
    }
    struct Order {
        uint8 kind; address a; address b; uint256 amount; bytes32 id; uint256 last; address c; address d; bytes data;
    }
    function onSwap(Order calldata order, uint256, uint256) external pure returns (uint256) { return order.amount / 2; }
}
"""


def _read(real: Any, pool: Pool) -> Learned:
    reading, answers = FAMILY.read(pool), None
    while True:
        try:
            answers = real.answered(reading.send(answers))  # type: ignore[arg-type]
        except StopIteration as end:
            learned: Learned = end.value
            return learned


def _discovered(real: Any, address: str) -> Pool:
    deployment = Deployment("balancer", BALANCER_V2, Address(real.vault))
    found = [pool for log in real.logs if log.address == real.vault and (pool := FAMILY.discover(log, deployment))]
    return next(pool for pool in found if pool.address == address)


def _comparable(state: PoolState, now: int) -> PoolState:
    """Without what a provider says now, which is in no event (pools with rates are polled), and at ``now``'s
    amplification, however it came about.
    """
    if not isinstance(state, StablePool):
        return state
    rates = tuple(cache and msgspec.structs.replace(cache, live=None) for cache in state.rates)
    amp = state.amplification(now)
    times = {"initial_amp_time": 0, "future_amp_time": 0}
    return msgspec.structs.replace(state, rates=rates, initial_amp=amp, future_amp=amp, **times)


def _read_unless_ramping(real: Any, pool: Pool) -> PoolState | None:
    """No view tells where an amplification that changes is going."""
    try:
        return _read(real, pool).state
    except ChainDataError as e:
        if "amplification is changing" in e.message:
            return None
        raise


class Happenings:
    """What happens to a drawn pool, each by a real transaction."""

    def __init__(self, real: Any, draw: random.Random, name: str) -> None:
        self.real, self.draw, self.name = real, draw, name
        drawn = None
        while drawn is None:
            drawn = real.weighted(draw, name) if name.startswith("weighted") else real.stable(draw, name)
        self.drawn = drawn
        for guarded in ("setSwapFeePercentage(uint256)", "startAmplificationParameterUpdate(uint256,uint256)"):
            real.allow(drawn.address, abi.call(guarded, *[0] * (1 + guarded.count(",")))[:4])

    def swap(self) -> None:
        tokens, (_, totals) = self.drawn.tokens, self.real.balances(self.drawn.pool_id)
        i, j = self.draw.sample(range(len(tokens)), 2)
        exact_out = self.draw.random() < 0.5
        given = j if exact_out else i
        most = totals[given] if tokens[given] != self.drawn.address else totals[given] // 10**12
        amount = int(most * 10 ** self.draw.uniform(-6, -1)) + 1
        self.real.swap(self.drawn.pool_id, tokens[i], tokens[j], amount, exact_out)

    def join(self) -> None:
        tokens, (_, totals) = self.drawn.tokens, self.real.balances(self.drawn.pool_id)
        amounts = [
            int(total * self.draw.uniform(0, 0.1))
            for token, total in zip(tokens, totals, strict=True)
            if token != self.drawn.address
        ]
        self.real.join(self.drawn.pool_id, tokens, amounts, kind=1)

    def fee(self) -> None:
        fee = int(10 ** self.draw.uniform(13, 17))
        self.real.call(self.drawn.address, "setSwapFeePercentage(uint256)", fee)

    def amplification(self) -> None:
        (now, _, _) = self.real.call(
            self.drawn.address, "getAmplificationParameter()", returns="(uint256,bool,uint256)"
        )
        wanted = max(1, int(now // 1000 * self.draw.uniform(0.6, 1.8)))
        start = "startAmplificationParameterUpdate(uint256,uint256)"
        self.real.call(self.drawn.address, start, wanted, self.real.now + self.draw.randint(DAY + 1, 3 * DAY))


def _followed(make: Callable[..., Any], name: str, seed: int, turns: int) -> None:
    real, draw = make((name,)), random.Random(seed)
    if name.startswith("composable"):
        real.tax(ONE * 3 // 10, ONE * 4 // 10)
    happenings = Happenings(real, draw, name)
    pool, state = _read(real, _discovered(real, happenings.drawn.address))
    assert pool.tokens == happenings.drawn.tokens
    assert FAMILY.detail(pool, *pool.tokens[:2]) == (int(real.vault, 16), int.from_bytes(happenings.drawn.pool_id))
    known: PoolState | None = state
    followed = 0
    for _ in range(turns):
        real.at(real.now + draw.choice((12, 12, 500, 90_000)))
        for provider in happenings.drawn.providers:
            if draw.random() < 0.1:
                real.call(provider, "set(uint256)", int(ONE * draw.uniform(0.9, 1.1)))
        real.logs.clear()
        kinds = [happenings.swap, happenings.swap, happenings.swap, happenings.join, happenings.fee]
        for happens in draw.sample([*kinds, happenings.amplification], draw.randint(1, 3)):
            try:
                happens()
            except RuntimeError:
                continue  # the contracts refuse: no event
        logs = [log for log in real.logs if log.topics[0] in FAMILY.topics and FAMILY.key(log) == pool.address]
        known = FAMILY.advance(pool, known, logs, real.now)
        read = _read_unless_ramping(real, pool)
        if read is not None:
            if known is not None:
                assert _comparable(known, real.now) == _comparable(read, real.now), logs
                followed += bool(logs)
            known = read
    assert followed > turns // 20, f"{followed} of {turns} turns were followed by events alone"


@pytest.mark.parametrize("name", KINDS)
def test_events_alone_lead_to_the_contracts_state(real_balancer: Callable[..., Any], name: str) -> None:
    _followed(real_balancer, name, seed=1, turns=40)


@pytest.mark.nightly
@pytest.mark.parametrize("name", KINDS)
def test_events_alone_lead_to_the_contracts_state_for_long(real_balancer: Callable[..., Any], name: str) -> None:
    for seed in range(2, 8):
        _followed(real_balancer, name, seed, turns=200)


@pytest.mark.parametrize("name", KINDS)
def test_floats_point_where_the_model_goes(real_balancer: Callable[..., Any], name: str) -> None:
    real, draw = real_balancer((name,)), random.Random(5)
    judged = 0
    for _ in range(12):
        drawn = real.weighted(draw, name) if name.startswith("weighted") else real.stable(draw, name)
        if drawn is None:
            continue
        pool, state = _read(real, _discovered(real, drawn.address))
        i, j = draw.sample(range(len(pool.tokens)), 2)
        curve = FAMILY.curve(pool, state, pool.tokens[i], pool.tokens[j], real.now)
        assert curve.depth > 0
        for part in (1e-4, 1e-2, 0.1):
            amount = int(curve.depth * part)
            try:
                exact = FAMILY.swap(pool, state, pool.tokens[i], pool.tokens[j], amount, real.now).amount_out
            except ChainDataError:
                continue
            if min(amount, exact) < 10**9:
                continue  # whole units are too coarse to judge floats by
            assert curve.output(amount) == pytest.approx(exact, rel=1e-5)
            step = amount * 1e-4
            slope = (curve.output(amount + step) - curve.output(amount - step)) / (2 * step)
            assert curve.rate(amount) == pytest.approx(slope, rel=1e-4)
            judged += 1
    assert judged > 5


def test_a_pool_that_trades_otherwise_than_it_says_is_refused(real_balancer: Callable[..., Any]) -> None:
    real = real_balancer(())
    tokens = real.tokens[:2]
    code = from_source("0.8.30", solidity.standard_input({"Liar.sol": LIAR}))["Liar"]
    liar = real.deploy(code, "(address,address[])", real.vault, tokens)
    pool_id = real.call(liar, "getPoolId()", returns="(bytes32)")[0]
    real.join(pool_id, tokens, [10**20, 10**20])
    with pytest.raises(ChainDataError, match="the vault quotes 50000000000000000 where pools of this kind pay"):
        _read(real, _discovered(real, liar))


def test_a_swap_that_pays_nothing_and_tokens_of_others_are_refused(real_balancer: Callable[..., Any]) -> None:
    real, draw = real_balancer(("weighted_v3",)), random.Random(1)
    pool, state = _read(real, _discovered(real, real.weighted(draw, "weighted_v3").address))
    first, second = pool.tokens[:2]
    for amount, token_in, token_out in ((1, first, second), (0, first, second), (10, first, first), (10, ME, first)):
        with pytest.raises(ChainDataError):
            FAMILY.swap(pool, state, Address(token_in), token_out, amount, real.now)
    paused = msgspec.structs.replace(state, paused=True)
    assert FAMILY.obstacle(pool, paused) == "paused"
    with pytest.raises(ChainDataError, match="PAUSED"):
        FAMILY.swap(pool, paused, first, second, 10**15, real.now)
