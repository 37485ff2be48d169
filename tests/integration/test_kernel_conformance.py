"""The kernels against the contracts' own code in a local EVM: v2 pairs as published, Uniswap v3's libraries compiled.

The libraries have no deployment of their own: a contract that only passes calls on to them is compiled with them. The
compiler at hand is older than the published builds' by one minor version, so the few spellings that it does not know
are replaced; they are the same constants.
"""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tallyio.core.clock import seeded
from tallyio.devnet import abi, solidity
from tallyio.devnet.artifacts import Artifact, from_package, from_source
from tallyio.devnet.deploy.pancake import pancake_contracts
from tallyio.devnet.packages import package
from tallyio.hot_path.amm.tick_math import MAX_SQRT_RATIO, MAX_TICK, MIN_SQRT_RATIO
from tallyio.hot_path.check import arithmetic_cases as cases
from tallyio.hot_path.check.inputs import below
from tallyio.hot_path.check.loops import Answer, Row, answers_of

ME = "0x" + "11" * 20
STATES = 2_000
COMPILER = "0.6.6"
PASSER_ON = """
pragma solidity >=0.5.0;
import './libraries/SwapMath.sol';
import './libraries/SqrtPriceMath.sol';
import './libraries/TickMath.sol';
contract PasserOn {
    function step(uint160 p, uint160 t, uint128 l, int256 a, uint24 f)
        external pure returns (uint160, uint256, uint256, uint256) { return SwapMath.computeSwapStep(p, t, l, a, f); }
    function fromInput(uint160 p, uint128 l, uint256 a, bool z) external pure returns (uint160)
        { return SqrtPriceMath.getNextSqrtPriceFromInput(p, l, a, z); }
    function fromOutput(uint160 p, uint128 l, uint256 a, bool z) external pure returns (uint160)
        { return SqrtPriceMath.getNextSqrtPriceFromOutput(p, l, a, z); }
    function delta0(uint160 a, uint160 b, uint128 l, bool up) external pure returns (uint256)
        { return SqrtPriceMath.getAmount0Delta(a, b, l, up); }
    function delta1(uint160 a, uint160 b, uint128 l, bool up) external pure returns (uint256)
        { return SqrtPriceMath.getAmount1Delta(a, b, l, up); }
    function price(int24 t) external pure returns (uint160) { return TickMath.getSqrtRatioAtTick(t); }
    function tick(uint160 p) external pure returns (int24) { return TickMath.getTickAtSqrtRatio(p); }
    function mulDiv(uint256 a, uint256 b, uint256 d) external pure returns (uint256)
        { return FullMath.mulDiv(a, b, d); }
    function mulDivUp(uint256 a, uint256 b, uint256 d) external pure returns (uint256)
        { return FullMath.mulDivRoundingUp(a, b, d); }
}
"""


class Contract:
    """A contract that a local EVM holds; a call gives integers, or ``None`` where it reverts and undoes it."""

    def __init__(self, artifact: Artifact, arguments: bytes = b"", evm: Any = None) -> None:
        import pyrevm

        self.evm = evm or pyrevm.EVM()
        self.address = str(self.evm.deploy(ME, artifact.code(arguments=arguments))).lower()

    def at(self, address: str) -> "Contract":
        other = object.__new__(Contract)
        other.evm, other.address = self.evm, address
        return other

    def __call__(self, signature: str, *arguments: Any, returns: str = "(uint256)", keep: bool = False) -> Answer:
        before = self.evm.snapshot()
        try:
            answer = self.evm.message_call(ME, self.address, calldata=abi.call(signature, *arguments))
        except RuntimeError:
            self.evm.revert(before)
            return None
        if keep:
            self.evm.commit()
        else:
            self.evm.revert(before)
        return abi.unpack(returns, bytes(answer)) if returns else ()


@pytest.fixture(scope="module")
def v3() -> Contract:
    libraries = package("uniswap-v3-core") / "contracts"
    sources = {"core/PasserOn.sol": PASSER_ON}
    for name in ("SwapMath", "SqrtPriceMath", "TickMath"):
        sources |= solidity.gather({f"core/libraries/{name}.sol": Path(libraries, "libraries", f"{name}.sol")})
    for name, text in sources.items():
        text = re.sub(r"pragma solidity [^;]+;", "pragma solidity >=0.5.0;", text)
        sources[name] = re.sub(r"type\((uint\d+)\)\.max", r"\1(-1)", text)
    wanted = ("core/PasserOn.sol",)
    return Contract(from_source(COMPILER, solidity.standard_input(sources, runs=800, wanted=wanted))["PasserOn"])


@cache
def _price_of(tick: int) -> int:
    from tallyio.hot_path.amm.tick_math import sqrt_ratio_at_tick

    return sqrt_ratio_at_tick(tick)


def _price(random: Random) -> int:
    kind = random.randrange(12)
    if kind == 0:
        return random.choice((MIN_SQRT_RATIO, MIN_SQRT_RATIO + 1, MAX_SQRT_RATIO - 1))
    price = _price_of(random.randint(-MAX_TICK, MAX_TICK)) + random.choice((0, 0, -1, 1, random.getrandbits(40)))
    return min(max(price, MIN_SQRT_RATIO), MAX_SQRT_RATIO - 1)


def _near(random: Random, price: int) -> int:
    if random.random() < 0.1:
        return _price(random)
    moved = int(price * (1 + random.choice((-1, 1)) * 10 ** random.uniform(-9, -0.5)))
    return min(max(moved, MIN_SQRT_RATIO), MAX_SQRT_RATIO - 1)


def _liquidity(random: Random) -> int:
    return (
        random.choice((1, 2**127, 2**128 - 1))
        if random.random() < 0.15
        else random.getrandbits(random.randint(1, 127)) + 1
    )


def _amount(random: Random, price: int, target: int, liquidity: int) -> int:
    """Of any size, or about what it takes to come to the target on either side."""
    if random.random() < 0.3:
        return below(random, 255)
    away = abs(target - price)
    natural = (away * liquidity >> 96) if random.random() < 0.5 else (away * liquidity << 96) // (price * target)
    return min(int(natural * 10 ** random.uniform(-2, 0.2)) + random.randint(0, 2), 2**255 - 1)


@pytest.mark.parametrize("exact_in", [True, False])
@pytest.mark.parametrize("fee_pips", [100, 500, 2500, 3000, 10_000])
def test_a_swap_step_is_swap_maths(v3: Contract, fee_pips: int, exact_in: bool) -> None:
    """Exact-in and exact-out, all tiers, prices to both ends of the range, liquidity from 1 wei to 2**128 - 1."""
    random, rows = seeded(21, f"step {fee_pips} {exact_in}"), []
    for _ in range(STATES // 5):
        price, liquidity = _price(random), _liquidity(random)
        target = _near(random, price)
        rows.append((price, target, liquidity, _amount(random, price, target, liquidity), fee_pips, int(exact_in)))
    for case in (cases.swap_step, cases.quote_step):
        answers = answers_of(case, rows, 4)
        reached, reverts = 0, 0
        for (price, target, liquidity, amount, fee, _), answer in zip(rows, answers, strict=True):
            signed = amount if exact_in else -amount
            real = v3(
                "step(uint160,uint160,uint128,int256,uint24)", price, target, liquidity, signed, fee,
                returns="(uint160,uint256,uint256,uint256)",
            )  # fmt: skip
            if amount == 0 and not exact_in:
                continue  # zero of either kind is an exact input to the contract
            assert answer == real, (price, target, liquidity, amount, fee)
            reverts += real is None
            reached += real is not None and real[0] == target
        assert 20 < reached < len(rows) - 20


LIBRARY: dict[str, tuple[Any, str, Callable[[Random], Row]]] = {
    "next_from_input": (cases.next_from_input, "fromInput(uint160,uint128,uint256,bool)", lambda r: _moved(r)),
    "next_from_output": (cases.next_from_output, "fromOutput(uint160,uint128,uint256,bool)", lambda r: _moved(r)),
    "amount0_delta": (cases.amount0_delta, "delta0(uint160,uint160,uint128,bool)", lambda r: _between(r)),
    "amount1_delta": (cases.amount1_delta, "delta1(uint160,uint160,uint128,bool)", lambda r: _between(r)),
    "mul_div": (cases.mul_div, "mulDiv(uint256,uint256,uint256)", lambda r: _factors(r)),
    "mul_div_up": (cases.mul_div_up, "mulDivUp(uint256,uint256,uint256)", lambda r: _factors(r)),
    "tick_to_price": (cases.sqrt_ratio_at_tick, "price(int24)", lambda r: (_tick(r),)),
    "price_to_tick": (cases.tick_at_sqrt_ratio, "tick(uint160)", lambda r: (_any_price(r),)),
}


def _moved(random: Random) -> Row:
    price, liquidity = random.choice((0, _price(random), _price(random), _price(random))), _liquidity(random)
    liquidity = 0 if random.random() < 0.05 else liquidity
    start = max(price, 1)
    return price, liquidity, _amount(random, start, _near(random, start), liquidity), random.randrange(2)


def _between(random: Random) -> Row:
    price = 0 if random.random() < 0.05 else _price(random)
    return price, _near(random, max(price, 1)), _liquidity(random), random.randrange(2)


def _factors(random: Random) -> Row:
    return below(random, 256), below(random, 256), below(random, 256)


def _tick(random: Random) -> int:
    if random.random() < 0.1:
        return random.choice((-MAX_TICK, MAX_TICK, -MAX_TICK - 1, MAX_TICK + 1, -(2**23), 2**23 - 1, 0))
    return random.randint(-MAX_TICK, MAX_TICK)


def _any_price(random: Random) -> int:
    if random.random() < 0.1:
        return random.choice((0, MIN_SQRT_RATIO - 1, MAX_SQRT_RATIO, 2**160 - 1))
    return _price(random)


@pytest.mark.parametrize("name", LIBRARY)
def test_a_kernel_is_the_librarys_function(v3: Contract, name: str) -> None:
    case, signature, inputs = LIBRARY[name]
    random = seeded(22, name)
    rows = [inputs(random) for _ in range(STATES)]
    returns = "(int256)" if name == "price_to_tick" else "(uint256)"
    boolean = signature.endswith("bool)")
    reverts = 0
    for row, answer in zip(rows, answers_of(case, rows, 1), strict=True):
        arguments = (*row[:-1], bool(row[-1])) if boolean else row
        real = v3(signature, *arguments, returns=returns)
        expected = None if real is None else tuple(value % 2**256 for value in real)
        assert answer == expected, row
        reverts += real is None
    assert reverts < STATES * 3 // 4
    assert reverts or name == "amount1_delta"


# v2 ----------------------------------------------------------------------------------------------------------------


VENUES: dict[str, tuple[int, Callable[[], Artifact]]] = {
    "Uniswap": (3000, lambda: from_package("uniswap-v2-core", "build/UniswapV2Factory.json")),
    "PancakeSwap": (2500, lambda: pancake_contracts()["PancakeFactory"]),
}


@pytest.mark.parametrize("venue", VENUES)
def test_a_pair_pays_the_quote_and_not_a_unit_more(venue: str) -> None:
    """Two thousand states of reserves: the pair takes the quoted output, refuses one unit more, and refuses what the
    kernel refuses."""
    fee_pips, artifact = VENUES[venue]
    random = seeded(23, venue)
    factory = Contract(artifact(), abi.pack("(address)", ME))
    supply = abi.pack("(uint256)", 2**255)
    token = from_package("uniswap-v2-core", "build/ERC20.json")
    first, second = sorted(
        (Contract(token, supply, factory.evm) for _ in range(2)), key=lambda contract: contract.address
    )
    created = factory("createPair(address,address)", first.address, second.address, returns="(address)", keep=True)
    assert created
    pair = factory.at(str(created[0]))
    rows = [_trade(random, fee_pips) for _ in range(STATES)]
    answers = answers_of(cases.amount_out, rows, 1)
    paid = 0
    for (amount, reserve_in, reserve_out, _), answer in zip(rows, answers, strict=True):
        before = factory.evm.snapshot()
        for tokens, reserve in ((first, reserve_in), (second, reserve_out)):
            tokens("transfer(address,uint256)", pair.address, reserve, returns="", keep=True)
        assert pair("sync()", returns="", keep=True) == ()
        first("transfer(address,uint256)", pair.address, amount, returns="", keep=True)
        swap = "swap(uint256,uint256,address,bytes)"
        out = answer[0] if answer else 0
        assert pair(swap, 0, out + 1, ME, b"", returns="") is None, (amount, reserve_in, reserve_out)
        if answer:
            assert pair(swap, 0, out, ME, b"", returns="") == (), (amount, reserve_in, reserve_out)
            paid += 1
        factory.evm.revert(before)
    assert STATES // 2 < paid < STATES


def _trade(random: Random, fee_pips: int) -> Row:
    reserves = [int(2 ** random.uniform(1, 112)) for _ in range(2)]
    if random.random() < 0.05:
        reserves[0] = 2**112 - 1 - random.getrandbits(20)
    amount = int(reserves[0] * 2 ** random.uniform(-20, 4)) if random.random() < 0.9 else random.randrange(3)
    return amount, *reserves, fee_pips
