"""Balancer v3 as a family: pools and buffers found in the vault's events, read, followed, priced in floats, refused."""

import asyncio
import random
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest

from tallyio.core.chain import BlockRef, NewBlock
from tallyio.core.errors import ChainDataError
from tallyio.core.pools import BALANCER_BUFFER, BALANCER_V3, Pool, PoolState
from tallyio.core.units import Address, Hash32
from tallyio.devnet import abi
from tallyio.market.market import Market
from tallyio.market.reading import read_pools
from tallyio.protocols.dex.deployments import Deployment
from tallyio.protocols.dex.families.balancer_v3 import Stable, V3Pool
from tallyio.protocols.dex.family import Learned, Reading
from tallyio.protocols.dex.registry import DexRegistry
from tallyio.protocols.dex.siblings import FAMILIES, family_of

ONE, DAY = 10**18, 86_400
ME = Address("0x" + "11" * 20)
FAMILY = FAMILIES[BALANCER_V3]
START_AMP = "startAmplificationParameterUpdate(uint256,uint256)"


def _read(real: Any, pool: Pool) -> Learned:
    learned: Learned = _told(real, family_of(pool).read(pool))
    return learned


def _told(real: Any, reading: Reading) -> Any:
    answers = None
    while True:
        try:
            answers = real.evm.answered(reading.send(answers))  # type: ignore[arg-type]
        except StopIteration as end:
            return end.value


def _discovered(real: Any) -> list[Pool]:
    deployment = Deployment("balancer", BALANCER_V3, Address(real.vault))
    logs = [log for log in real.evm.logs if log.address == real.vault]
    return [pool for log in logs if (pool := FAMILY.discover(log, deployment))]


def _comparable(state: PoolState, now: int) -> PoolState:
    """At ``now``'s amplification, however it came about."""
    assert isinstance(state, V3Pool)
    if isinstance(state.rule, Stable):
        amp = state.rule.amplification(now)
        return msgspec.structs.replace(state, rule=Stable(amp, amp))
    return state


def _read_unless_ramping(real: Any, pool: Pool) -> PoolState | None:
    try:
        return _read(real, pool).state
    except ChainDataError as e:
        if "amplification is changing" in e.message:
            return None
        raise


@pytest.mark.parametrize("kind", ["weighted", "stable"])
def test_events_alone_lead_to_the_vaults_state(real_balancer3: Callable[[], Any], kind: str) -> None:
    real, draw, followed = real_balancer3(), random.Random(6), 0
    real.tax(ONE // 2, ONE // 10)
    for _ in range(6):
        made = real.pool(draw, kind)
        if made is None:
            continue
        address, tokens, providers, _ = made
        pool, state = _read(real, next(pool for pool in _discovered(real) if pool.address == address))
        assert pool.tokens == tuple(tokens)
        assert FAMILY.polled(pool, state) == any(int(provider, 16) for provider in providers)
        known: PoolState | None = state
        for _ in range(15):
            real.evm.logs.clear()
            real.evm.at(real.evm.now + draw.choice((12, 500, 50_000)))
            for _ in range(draw.randint(1, 3)):
                try:
                    _happen(real, draw, address, tokens, kind)
                except RuntimeError:
                    continue  # the vault refuses: no event
            logs = [log for log in real.evm.logs if log.topics[0] in FAMILY.topics and FAMILY.key(log) == address]
            known = FAMILY.advance(pool, known, logs, real.evm.now)
            read = _read_unless_ramping(real, pool)
            if read is not None:
                if known is not None:
                    assert _comparable(known, real.evm.now) == _comparable(read, real.evm.now), logs
                    followed += bool(logs)
                known = read
    assert followed > 15


def _happen(real: Any, draw: random.Random, address: str, tokens: list[str], kind: str) -> None:
    what = draw.random()
    if what < 0.15:
        fee = int(10 ** draw.uniform(13.1, 16.9)) // 10**11 * 10**11
        real.evm.call(real.vault, "setStaticSwapFeePercentage(address,uint256)", address, fee)
    elif what < 0.25 and kind == "stable":
        (amp, *_) = real.evm.call(address, "getAmplificationParameter()", returns="(uint256,bool,uint256)")
        wanted = max(1, int(amp // 1000 * draw.uniform(0.6, 1.8)))
        real.evm.send(address, abi.call(START_AMP, wanted, real.evm.now + draw.randint(DAY + 1, 2 * DAY)))
    else:
        i, j = draw.sample(range(len(tokens)), 2)
        (_, _, raw, _) = real.words("getPoolTokenInfo(address)", INFO, address)
        exact_out = draw.random() < 0.5
        amount = int(raw[j if exact_out else i] * 10 ** draw.uniform(-6, -1)) + 1
        real.swap(address, tokens[i], tokens[j], amount, exact_out)


def test_rates_are_asked_for_again(real_balancer3: Callable[[], Any]) -> None:
    real, draw, judged = real_balancer3(), random.Random(9), 0
    for _ in range(8):
        made = real.pool(draw, "weighted")
        rated = [provider for provider in made[2] if int(provider, 16)] if made else []
        if not rated:
            continue
        pool, state = _read(real, next(pool for pool in _discovered(real) if pool.address == made[0]))
        real.evm.call(rated[0], "set(uint256)", 3 * ONE // 2 + 1)
        refreshed = _told(real, FAMILY.refresh(pool, state))
        assert refreshed == _read(real, pool).state
        assert refreshed != state
        judged += 1
    assert judged > 2


def test_a_pause_of_the_whole_vault_stops_its_pools_until_it_ends(real_balancer3: Callable[[], Any]) -> None:
    real, draw = real_balancer3(), random.Random(11)
    made = real.pool(draw, "weighted")
    assert made is not None
    market = Market(DexRegistry([Deployment("balancer", BALANCER_V3, Address(real.vault))]), Address(made[1][0]))
    market.start(BlockRef(0, _hash(0), _hash(0), real.evm.now))

    async def read(calls: Sequence[tuple[Address, bytes]], block: int) -> list[tuple[bool, bytes]]:
        return [(answer is not None, answer or b"") for answer in real.evm.answered(calls)]

    def heard(number: int) -> str:
        block = NewBlock(
            BlockRef(number, _hash(number), _hash(number - 1), real.evm.now),
            10**9,
            0,
            30_000_000,
            ME,
            tuple(real.evm.logs),
        )
        real.evm.logs.clear()
        market.apply(block)
        unread = [market.pools[each] for each in market.unread]
        market.settle(asyncio.run(read_pools(read, unread, number, market.refreshable)))
        return market.untradable.get(Address(made[0]), "")

    assert heard(1) == ""
    real.evm.call(real.vault, "pauseVault()")
    assert heard(2) == "paused"
    real.evm.call(real.vault, "unpauseVault()")
    assert heard(3) == ""
    real.evm.call(real.vault, "pausePool(address)", made[0])
    assert heard(4) == "paused"


def _hash(number: int) -> Hash32:
    return Hash32(f"0x{number:064x}")


INFO = "(address[],(uint8,address,bool)[],uint256[],uint256[])"


@pytest.mark.parametrize("kind", ["weighted", "stable"])
def test_floats_point_where_the_model_goes(real_balancer3: Callable[[], Any], kind: str) -> None:
    real, draw, judged = real_balancer3(), random.Random(7), 0
    for _ in range(12):
        made = real.pool(draw, kind)
        if made is None:
            continue
        pool, state = _read(real, next(pool for pool in _discovered(real) if pool.address == made[0]))
        i, j = draw.sample(range(len(pool.tokens)), 2)
        curve = FAMILY.curve(pool, state, pool.tokens[i], pool.tokens[j], real.evm.now)
        for part in (1e-4, 1e-2, 0.1):
            amount = int(curve.depth * part)
            try:
                exact = FAMILY.swap(pool, state, pool.tokens[i], pool.tokens[j], amount, real.evm.now).amount_out
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


def test_buffers_are_found_and_wrap_as_the_vault_does(real_balancer3: Callable[[], Any]) -> None:
    real, draw = real_balancer3(), random.Random(8)
    vault, token = real.buffered(draw, 0)
    (found,) = _discovered(real)
    assert found.family == BALANCER_BUFFER
    family = family_of(found)
    for wraps, exact_out in ((True, False), (False, True), (True, True), (False, False)):
        pool, state = _read(real, found)
        assert pool.tokens == (token, vault)
        assert family.polled(pool, state)
        assert family.detail(pool, *pool.tokens) == (int(real.vault, 16), int(vault, 16))
        ends = pool.tokens if wraps else pool.tokens[::-1]
        amount = int(10 ** draw.uniform(6, 9))
        done = family.swap(pool, state, *ends, amount, real.evm.now, exact_out=exact_out)
        paid = real.wrap(vault, token, wraps, amount, exact_out)
        assert paid == (done.amount_in if exact_out else done.amount_out)
        assert _read(real, found).state == done.state
        curve = family.curve(pool, state, *ends, real.evm.now)
        assert curve.output(float(done.amount_in)) == pytest.approx(done.amount_out, rel=1e-4)
    with pytest.raises(ChainDataError, match="WrapAmountTooSmall"):
        family.swap(pool, state, *pool.tokens, 9_999, real.evm.now)
