"""Mirrored pools of both families after decoded transactions, against the pure-Python models of the pools."""

import random
from itertools import pairwise

import pytest
from eth_abi import encode

from tallyio.core.errors import ChainDataError
from tallyio.core.pools import V2, V3, Pool, V2State, V3State
from tallyio.core.units import Address
from tallyio.hot_path.amm import v2, v3
from tallyio.hot_path.amm.tick_math import MAX_TICK, sqrt_ratio_at_tick, tick_at_sqrt_ratio
from tallyio.hot_path.transactions.calls import CALLS, EXACT_OUT, Action, Kind
from tallyio.hot_path.transactions.codes import Code

TOKENS = [f"0x{i:02x}" + "5a" * 19 for i in (1, 2, 3, 4)]
TIERS = ((500, 10), (3000, 60), (10_000, 200))
SWAPS = {Action.V2: "v2", Action.V3_SINGLE: "single", Action.V3_PATH: "path"}
CALLS_02 = [call for call in CALLS if call.kinds == Kind.V3_02 and call.action in SWAPS]
MULTICALL = next(call for call in CALLS if call.signature == "multicall(bytes[])").selector.to_bytes(4)


def v3_state(rng, spacing):
    tick = rng.choice((rng.randint(-300_000, 300_000), rng.randint(-2000, 2000)))
    price = sqrt_ratio_at_tick(tick) + rng.randrange(3)
    end = MAX_TICK // spacing
    nets = {}
    for _ in range(rng.choice((0, 1, 3, 8))):
        width = rng.choice((1, 3, 40, 600, 20_000, 2 * end))
        middle = tick // spacing + rng.randint(-width, width)
        low, high = max(middle - width, -end) * spacing, min(middle + width, end) * spacing
        amount = rng.choice((1, rng.getrandbits(60) + 1, rng.getrandbits(90) + 1))
        nets[low], nets[high] = nets.get(low, 0) + amount, nets.get(high, 0) - amount
    if nets and rng.random() < 0.2:  # on a tick, at times as it is left when crossed downwards
        tick = rng.choice(list(nets))
        tick = min(max(tick, 1 - MAX_TICK), MAX_TICK - 1)
        price, tick = sqrt_ratio_at_tick(tick), tick - rng.randrange(2)
    ticks = tuple(sorted(tick for tick, net in nets.items() if net))
    here = sum(nets[t] for t in ticks if t <= tick)
    return V3State(price, tick, here, ticks, tuple(nets[t] for t in ticks))


class World:
    def __init__(self, rng, mirrored):
        self.rng, self.pools, self.states = rng, [], []
        for a in range(4):
            for b in range(a + 1, 4):
                ends = Address(TOKENS[a]), Address(TOKENS[b])
                self.pools.append(Pool(Address(f"0x{len(self.pools):040x}"), V2, "two", ends, 3000))
                self.states.append(V2State(rng.getrandbits(80) + 1, rng.getrandbits(rng.choice((30, 80))) + 1))
                for fee, spacing in rng.sample(TIERS, 2):
                    self.pools.append(Pool(Address(f"0x{len(self.pools):040x}"), V3, "three", ends, fee, spacing))
                    self.states.append(v3_state(rng, spacing))
        self.mirrored = mirrored(self.pools)
        for pool, state in enumerate(self.states):
            self.mirrored.write(pool, state)
        self.effects = self.mirrored.effects

    def path(self, family, hops):
        at, pools = self.rng.randrange(4), []
        tokens = [at]
        for _ in range(hops):
            near = [i for i, p in enumerate(self.pools) if p.family == family and TOKENS[at] in (p.token0, p.token1)]
            pools.append(self.rng.choice(near))
            at = TOKENS.index(self.pools[pools[-1]].other(Address(TOKENS[at])))
            tokens.append(at)
        return tokens, pools

    def call(self):
        """Calldata of one swap, and the swap."""
        rng = self.rng
        call = rng.choice(CALLS_02)
        kind, exact_out = SWAPS[call.action], bool(call.flags & EXACT_OUT)
        tokens, pools = self.path(V2 if kind == "v2" else V3, 1 if kind == "single" else rng.choice((1, 2, 3)))
        amount = rng.getrandbits(rng.choice((1, 20, 40, 60, 80, 100, 254))) + 1
        limit = rng.choice((0, 1, 2**255)) if rng.random() < 0.2 else 2**255 if exact_out else 0
        sqrt_limit = 0
        names = [bytes.fromhex(TOKENS[t][2:]) for t in tokens]
        fees = [self.pools[p].fee_pips for p in pools]
        if kind == "v2":
            values = encode(["uint256", "uint256", "address[]", "address"], [amount, limit, names, bytes(20)])
        elif kind == "single":
            if rng.random() < 0.5:
                state, spacing = self.states[pools[0]], self.pools[pools[0]].tick_spacing
                word = 256 * spacing
                places = [*state.tick_index, state.tick // word * word - word, state.tick // word * word + word]
                place = min(max(rng.choice(places), -MAX_TICK), MAX_TICK)
                sqrt_limit = rng.choice((sqrt_ratio_at_tick(place), rng.getrandbits(160)))
            types = "(address,address,uint24,address,uint256,uint256,uint160)"
            values = encode([types], [(*names, fees[0], bytes(20), amount, limit, sqrt_limit)])
        else:
            ends, middle = (names[::-1], fees[::-1]) if exact_out else (names, fees)
            packed = ends[0] + b"".join(f.to_bytes(3) + t for f, t in zip(middle, ends[1:], strict=True))
            values = encode(["(bytes,address,uint256,uint256)"], [(packed, bytes(20), amount, limit)])
        swap = (kind, exact_out, tokens, pools, amount, limit, sqrt_limit)
        return call.selector.to_bytes(4) + values, swap

    def expected(self, states, swap):
        """The states after ``swap``, or why it is not told."""
        kind, exact_out, tokens, pools, amount, limit, sqrt_limit = swap
        after, hops = dict(states), list(zip(pools, pairwise(tokens), strict=True))
        passed = set()
        for pool, (sold, bought) in reversed(hops) if exact_out else hops:
            if pool in passed and (kind == "v2" or exact_out):
                return Code.NOT_TOLD if kind == "v2" else Code.WOULD_REVERT
            passed.add(pool)
            spec, state = self.pools[pool], after.get(pool, self.states[pool])
            zero_for_one = sold < bought
            try:
                if kind == "v2":
                    ends = state.reserve0, state.reserve1
                    ends = ends if zero_for_one else ends[::-1]
                    other = (v2.amount_in if exact_out else v2.amount_out)(amount, *ends, spec.fee_pips)
                    taken, paid = (other, amount) if exact_out else (amount, other)
                    ends = ends[0] + taken, ends[1] - paid
                    after[pool] = V2State(*(ends if zero_for_one else ends[::-1]))
                else:
                    done = v3.swap(
                        state, spec.tick_spacing, spec.fee_pips, zero_for_one, amount,
                        exact_in=not exact_out, sqrt_limit_x96=sqrt_limit or None,
                    )  # fmt: skip
                    taken, paid = done.amount_in, done.amount_out
                    if not taken or (exact_out and done.unfilled and not sqrt_limit):
                        return Code.WOULD_REVERT
                    after[pool] = v3.after(state, done)
            except ChainDataError:
                return Code.WOULD_REVERT
            amount = taken if exact_out else paid
        if amount > limit if exact_out else amount < limit:
            return Code.WOULD_REVERT
        return after


def without_ticks(state):
    return state if isinstance(state, V2State) else V3State(state.sqrt_price_x96, state.tick, state.liquidity)


@pytest.mark.parametrize(
    ("seed", "count"), [(1, 1500), pytest.param(2, 100_000, marks=[pytest.mark.nightly, pytest.mark.timeout(3600)])]
)
def test_states_after_transactions_equal_the_models(raw_call, mirrored_pools, seed, count):
    rng = random.Random(seed)
    told, crossed, reverted, kinds = 0, 0, 0, set()
    for number in range(count):
        if number % 100 == 0:
            world = World(rng, mirrored_pools)
        calls = [world.call() for _ in range(rng.choice((1, 1, 2, 3)))]
        data = calls[0][0] if len(calls) == 1 else MULTICALL + encode(["bytes[]"], [[data for data, _ in calls]])
        states = {}
        for _, swap in calls:
            states = world.expected(states, swap)
            if isinstance(states, Code):
                break
        found = world.effects.of(raw_call(data), "two", "three")
        if isinstance(states, Code):
            assert found is states
            reverted += states is Code.WOULD_REVERT
            continue
        assert found == {pool: without_ticks(state) for pool, state in states.items()}
        told += 1
        kinds |= {(swap[0], swap[1], len(swap[3])) for _, swap in calls}
        crossed += any(
            isinstance(s, V3State) and s.liquidity != world.states[p].liquidity != 0 for p, s in states.items()
        )
    assert told > count // 5
    assert crossed > count // 30
    assert reverted > count // 10
    assert len(kinds) == 14


def test_positions_that_changed_unseen_are_said(raw_call, mirrored_pools):
    world = World(random.Random(3), mirrored_pools)
    pool = next(i for i, s in enumerate(world.states) if isinstance(s, V3State) and s.liquidity)
    spec, state = world.pools[pool], world.states[pool]
    call = next(c for c in CALLS_02 if c.action is Action.V3_SINGLE and not c.flags)
    ends = [bytes.fromhex(token[2:]) for token in (spec.token0, spec.token1)]
    types = "(address,address,uint24,address,uint256,uint256,uint160)"
    data = call.selector.to_bytes(4) + encode([types], [(*ends, spec.fee_pips, bytes(20), 1000, 0, 0)])
    assert pool in world.effects.of(raw_call(data), "two", "three")
    seen = V3State(state.sqrt_price_x96, state.tick, state.liquidity + 1, state.tick_index, state.liquidity_net)
    world.mirrored.write(pool, seen)
    assert world.effects.of(raw_call(data), "two", "three") is Code.STALE_TICKS
    assert world.effects.of(raw_call(data), "two", "another") is Code.NO_POOL
    assert world.effects.of(raw_call(b"\1\2\3\4"), "two", "three") is Code.UNKNOWN_SELECTOR
    assert world.effects.of(b"\1", "two", "three") is Code.ENDS_EARLY


def test_pools_that_a_router_cannot_tell_apart_are_refused(mirrored_pools):
    pool = World(random.Random(4), mirrored_pools).pools[0]
    with pytest.raises(ValueError, match="one pool to a router"):
        mirrored_pools([pool, pool])


def test_the_tick_of_a_limit_in_empty_words():
    """The contract leaves a pool that falls to a word's end below it, liquidity or none; one that rises stays on it."""
    state = V3State(sqrt_ratio_at_tick(10), 10, 10**9, (0, 60), (10**9, -(10**9)))
    for place, tick in ((-256 * 60, -256 * 60 - 1), (-256 * 60 + 1, -256 * 60 + 1)):
        limit = sqrt_ratio_at_tick(place)
        done = v3.swap(state, 60, 3000, True, 10**30, sqrt_limit_x96=limit)
        assert v3.after(state, done).tick == tick
        assert done.sqrt_price_x96 == limit
        assert tick_at_sqrt_ratio(limit) == place
