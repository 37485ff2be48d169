"""Our maths against the published contracts' bytecode, swap by swap, on a local EVM."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from tallyio.core.clock import seeded
from tallyio.core.errors import ChainDataError
from tallyio.core.pools import V2, V3, Pool, V2State, V3State
from tallyio.core.units import Address
from tallyio.devnet import abi
from tallyio.devnet.artifacts import Artifact, from_package
from tallyio.devnet.deploy.pancake import pancake_contracts
from tallyio.hot_path.amm import v3
from tallyio.hot_path.amm.quote import least_input
from tallyio.hot_path.transactions.codes import Code
from tallyio.protocols.dex.model import swap

ME = "0x" + "11" * 20
FOREVER = 2**40
SINGLE = "((address,address,uint24,address,uint256,uint256,uint256,uint160))"
MINT = "((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))"
SLOT0 = "(uint160,int24,uint16,uint16,uint16,uint8,bool)"


class Evm:
    """A local EVM with one caller. ``call`` raises ``RuntimeError`` where the contract reverts, and undoes it."""

    def __init__(self) -> None:
        import pyrevm

        self.evm = pyrevm.EVM()
        self.evm.set_balance(ME, 10**30)

    def deploy(self, package: str, path: str, arguments: bytes = b"") -> str:
        return self.create(from_package(package, path), arguments)

    def create(self, artifact: Artifact, arguments: bytes = b"") -> str:
        return str(self.evm.deploy(ME, artifact.code(arguments=arguments))).lower()

    def call(self, to: str, signature: str, *arguments: Any, returns: str = "") -> tuple[Any, ...]:
        before = self.evm.snapshot()
        try:
            answer = self.evm.message_call(ME, to, calldata=abi.call(signature, *arguments))
        except RuntimeError:
            self.evm.revert(before)
            raise
        self.evm.commit()
        return abi.unpack(returns, bytes(answer)) if returns else ()

    def tokens(self) -> tuple[str, str]:
        supply = abi.pack("(uint256)", 2**200)
        a, b = sorted(self.deploy("uniswap-v2-core", "build/ERC20.json", supply) for _ in range(2))
        return a, b


# v2 ----------------------------------------------------------------------------------------------------------------


FACTORIES: dict[str, tuple[int, Callable[[], Artifact]]] = {
    "Uniswap v2": (3000, lambda: from_package("uniswap-v2-core", "build/UniswapV2Factory.json")),
    "PancakeSwap v2": (2500, lambda: pancake_contracts()["PancakeFactory"]),
    "PancakeSwap v2, early build": (2000, lambda: from_package("pancakeswap-v2", "build/PancakeFactory.json")),
}
"""Fee in pips and factory of each venue. The early build takes 2 of 1000, the pairs in production 25 of 10000."""


@pytest.mark.parametrize("venue", FACTORIES)
def test_v2_pairs_pay_exactly_what_we_say_and_not_a_unit_more(venue: str) -> None:
    random, evm = seeded(11, venue), Evm()
    tokens = evm.tokens()
    fee_pips, artifact = FACTORIES[venue]
    factory = evm.create(artifact(), abi.pack("(address)", ME))
    (pair,) = evm.call(factory, "createPair(address,address)", *tokens, returns="(address)")
    for token in tokens:
        evm.call(token, "transfer(address,uint256)", pair, int(10 ** random.uniform(8, 28)))
    evm.call(pair, "mint(address)", ME)
    pool = Pool(Address(pair), V2, venue, (Address(tokens[0]), Address(tokens[1])), fee_pips)
    state, swaps = _reserves(evm, pair), 0
    for _ in range(400):
        sold = random.randrange(2)
        depth = state.reserve0 if sold == 0 else state.reserve1
        paid = max(1, int(depth * 10 ** random.uniform(-8, 0.5)))
        try:
            done = swap(pool, state, Address(tokens[sold]), Address(tokens[1 - sold]), paid, 0)
        except ChainDataError:
            continue
        evm.call(tokens[sold], "transfer(address,uint256)", pair, paid)
        with pytest.raises(RuntimeError):
            _swap(evm, pair, sold, done.amount_out + 1)
        _swap(evm, pair, sold, done.amount_out)
        state = _reserves(evm, pair)
        assert state == done.state
        swaps += 1
    assert swaps > 300


def _reserves(evm: Evm, pair: str) -> V2State:
    return V2State(*evm.call(pair, "getReserves()", returns="(uint112,uint112,uint32)")[:2])


def _swap(evm: Evm, pair: str, sold: int, out: int) -> None:
    amounts = (out, 0) if sold else (0, out)
    evm.call(pair, "swap(uint256,uint256,address,bytes)", *amounts, ME, b"")


# v3 ----------------------------------------------------------------------------------------------------------------


class V3World:
    """Uniswap v3 with its periphery and two tokens."""

    def __init__(self) -> None:
        self.evm = evm = Evm()
        core, periphery = "artifacts/contracts/", "uniswap-v3-periphery"
        self.tokens = evm.tokens()
        self.factory = evm.deploy("uniswap-v3-core", f"{core}UniswapV3Factory.sol/UniswapV3Factory.json")
        weth = evm.deploy("uniswap-v2-periphery", "build/WETH9.json")
        both = abi.pack("(address,address)", self.factory, weth)
        self.manager = evm.deploy(
            periphery,
            f"{core}NonfungiblePositionManager.sol/NonfungiblePositionManager.json",
            both + abi.pack("(address)", weth),
        )
        self.router = evm.deploy(periphery, f"{core}SwapRouter.sol/SwapRouter.json", both)
        for token in self.tokens:
            for spender in (self.manager, self.router):
                evm.call(token, "approve(address,uint256)", spender, 2**256 - 1)
        evm.call(self.factory, "enableFeeAmount(uint24,int24)", 100, 1)

    def pool(self, random: Random, fee: int, spacing: int) -> tuple[Pool, dict[int, int]]:
        """A pool with up to twelve random positions: the pool, and the net liquidity of its ticks."""
        price = int(2**96 * 10 ** random.uniform(-4, 4))
        signature = "createAndInitializePoolIfNecessary(address,address,uint24,uint160)"
        (address,) = self.evm.call(self.manager, signature, *self.tokens, fee, price, returns="(address)")
        nets: dict[int, int] = {}
        tick = self.evm.call(address, "slot0()", returns=SLOT0)[1]
        end = 887272 // spacing * spacing
        for _ in range(12):
            width = random.choice([1, 3, 20, 300, 3000, 20000])
            middle = tick // spacing + random.randint(-width, width)
            low, high = max((middle - width) * spacing, -end), min((middle + width) * spacing, end)
            amount = int(10 ** random.uniform(10, 26))
            order = (*self.tokens, fee, low, high, amount, amount, 0, 0, ME, FOREVER)
            try:
                minted = self.evm.call(self.manager, f"mint{MINT}", order, returns="(uint256,uint128,uint256,uint256)")
            except RuntimeError:  # more than a tick may hold, or nothing at all
                continue
            nets[low] = nets.get(low, 0) + minted[1]
            nets[high] = nets.get(high, 0) - minted[1]
        token0, token1 = self.tokens
        return Pool(address, V3, "uniswap_v3", (Address(token0), Address(token1)), fee, spacing), nets

    def state(self, pool: Pool, nets: dict[int, int]) -> V3State:
        price, tick, *_ = self.evm.call(pool.address, "slot0()", returns=SLOT0)
        (liquidity,) = self.evm.call(pool.address, "liquidity()", returns="(uint128)")
        ticks = tuple(sorted(nets))
        return V3State(price, tick, liquidity, ticks, tuple(nets[t] for t in ticks), ())

    def trade(self, pool: Pool, sold: int, amount: int, exact_in: bool, limit: int) -> int:
        """What the router answers: the output of an exact input, or the input of an exact output."""
        name, bound = ("exactInputSingle", 0) if exact_in else ("exactOutputSingle", 2**255)
        order = (self.tokens[sold], self.tokens[1 - sold], pool.fee_pips, ME, FOREVER, amount, bound, limit)
        (answer,) = self.evm.call(self.router, f"{name}{SINGLE}", order, returns="(uint256)")
        return int(answer)


@pytest.fixture(scope="module")
def v3_world() -> V3World:
    return V3World()


@pytest.mark.parametrize("tier", [(100, 1), (500, 10), (3000, 60), (10000, 200)])
def test_v3_swaps_are_the_contracts(v3_world: V3World, tier: tuple[int, int]) -> None:
    """Exact inputs and outputs, with and without price limits, across ticks and bitmap words: amounts, price, tick and
    liquidity after every swap, and a refusal wherever the contract reverts."""
    random = seeded(5, f"v3 {tier}")
    pool, nets = v3_world.pool(random, *tier)
    state, landed, crossed = v3_world.state(pool, nets), 0, 0
    for _ in range(600):
        sold, exact_in, amount = random.randrange(2), random.random() < 0.6, int(10 ** random.uniform(0, 27))
        limit = min(2**160 - 1, int(state.sqrt_price_x96 * 10 ** random.uniform(-1, 1))) if random.random() < 0.2 else 0
        try:
            real = v3_world.trade(pool, sold, amount, exact_in, limit)
        except RuntimeError:
            assert _ours(pool, state, sold, amount, exact_in, limit) is None
            continue
        ours = _ours(pool, state, sold, amount, exact_in, limit)
        assert ours is not None
        assert (ours.amount_out if exact_in else ours.amount_in) == real
        after = v3_world.state(pool, nets)
        assert v3.after(state, ours) == after
        crossed += after.liquidity != state.liquidity
        state, landed = after, landed + 1
    assert landed > 250
    assert crossed > 10


def _ours(pool: Pool, state: V3State, sold: int, amount: int, exact_in: bool, limit: int) -> v3.Swapped | None:
    """Our swap, ``None`` where the router reverts: nothing moved, or an output not filled whole without a limit."""
    try:
        done = v3.swap(
            state, pool.tick_spacing, pool.fee_pips, sold == 0, amount, exact_in=exact_in, sqrt_limit_x96=limit or None
        )
    except ChainDataError:
        return None
    unfilled_output = not exact_in and not limit and done.unfilled
    return None if unfilled_output or not done.amount_in else done


def test_the_least_input_of_a_v3_pool_is_enough(v3_world: V3World) -> None:
    random = seeded(6, "least")
    pool, nets = v3_world.pool(random, 3000, 60)
    for _ in range(60):
        state, sold, out = v3_world.state(pool, nets), random.randrange(2), int(10 ** random.uniform(3, 22))
        paid = least_input(pool, state, sold == 0, out)
        if paid:
            assert v3_world.trade(pool, sold, paid, True, 0) >= out


PATHS = {True: "exactInput", False: "exactOutput"}


def test_paths_through_the_router_leave_the_pools_as_the_decoder_says(pending_call: Any, mirrored_pools: Any) -> None:
    """Raw calls of the published router over one to three hops, a pool at times passed twice: what is told of them is
    what the pools are then, and what would revert does."""
    world, random = V3World(), seeded(8, "paths")
    made = [world.pool(random, *tier) for tier in ((500, 10), (3000, 60), (10000, 200))]
    pools = [pool for pool, _ in made]
    mirror, told_of = mirrored_pools(pools), [0, 0, 0, 0]
    for _ in range(150):
        states = [world.state(*each) for each in made]
        for number, state in enumerate(states):
            mirror.write(number, state)
        exact_in, hops, first = random.random() < 0.6, random.randint(1, 3), random.randrange(2)
        path = bytes.fromhex(world.tokens[first][2:])
        for hop in range(hops):
            path += random.choice(pools).fee_pips.to_bytes(3) + bytes.fromhex(world.tokens[(first + hop + 1) % 2][2:])
        order = (path, ME, FOREVER, int(10 ** random.uniform(0, 26)), 0 if exact_in else 2**255)
        signature = f"{PATHS[exact_in]}((bytes,address,uint256,uint256,uint256))"
        raw = pending_call(Address(ME), Address(world.router), abi.call(signature, order)).raw
        told = mirror.effects.of(raw, "none", "uniswap_v3")
        try:
            world.evm.call(world.router, signature, order, returns="(uint256)")
        except RuntimeError:
            assert told is Code.WOULD_REVERT
            told_of[0] += 1
            continue
        assert not isinstance(told, Code)
        for number, each in enumerate(made):
            left, now = told.get(number), world.state(*each)
            if left is None:
                assert now == states[number]
            else:
                assert left == V3State(now.sqrt_price_x96, now.tick, now.liquidity)
        told_of[hops] += 1
    assert min(told_of) > 8, told_of
