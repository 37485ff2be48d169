"""Exchanges of every family in a local EVM, as published, each behind one bench: make a pool, change it, trade it."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Protocol

import msgspec
import pytest

from tallyio.chains import storage_words, tick_lens
from tallyio.core.chain import BlockRef, Log, NewBlock
from tallyio.core.errors import ChainDataError
from tallyio.core.pools import (
    AERODROME,
    ALGEBRA,
    BALANCER_V2,
    CAMELOT,
    CURVE_LEGACY,
    CURVE_LEGACY_META,
    CURVE_NG,
    CURVE_NG_META,
    LIQUIDITY_BOOK,
    PANCAKE_V3,
    SLIPSTREAM,
    TRICRYPTO,
    TWOCRYPTO,
    V2,
    V3,
    V4,
    VELODROME,
    Pool,
    V2State,
)
from tallyio.core.units import Address, Hash32
from tallyio.devnet import abi, solidity
from tallyio.devnet.artifacts import Artifact, from_package, from_source
from tallyio.devnet.deploy.balancer import COMPOSABLE, JOIN, SWAP, WEIGHTED, balancer_artifact, factory
from tallyio.devnet.deploy.exchanges import MULTICALL3, multicall3
from tallyio.devnet.deploy.pancake import pancake_contracts
from tallyio.devnet.deploy.standins import standins
from tallyio.devnet.deploy.tokens import own_contracts
from tallyio.devnet.venues.concentrated import algebra_artifact, pancake_v3_artifact, pancake_v3_deployer
from tallyio.devnet.venues.crypto import DEPLOY as DEPLOY_CRYPTO
from tallyio.devnet.venues.uniswap_v4 import KEY
from tallyio.hot_path.amm.tick_math import MAX_SQRT_RATIO, MIN_SQRT_RATIO
from tallyio.protocols.dex.deployments import Deployment
from tallyio.protocols.dex.exact_out import least_input
from tallyio.protocols.dex.uniswap_v4 import DYNAMIC

ME = Address("0x" + "11" * 20)
ZERO = "0x" + "00" * 20
TRADER = """
pragma solidity ^0.6.0;
interface Token { function transfer(address, uint256) external returns (bool); }
interface Either {
    function token0() external view returns (address);
    function token1() external view returns (address);
    function swap(uint256, uint256, address, bytes calldata) external;
    function swap(address, bool, int256, uint160, bytes calldata) external returns (int256, int256);
    function mint(address, int24, int24, uint128, bytes calldata) external returns (uint256, uint256);
    function mint(address, address, int24, int24, uint128, bytes calldata) external returns (uint256, uint256, uint128);
    function burn(int24, int24, uint128) external returns (uint256, uint256);
}
contract Trader {
    function pair(Either pool, bool first, uint256 amount, uint256 out) external {
        Token(first ? pool.token0() : pool.token1()).transfer(address(pool), amount);
        pool.swap(first ? 0 : out, first ? out : 0, address(this), "");
    }
    function swap(Either pool, bool first, int256 amount, uint160 limit) external returns (int256, int256) {
        return pool.swap(address(this), first, amount, limit, "");
    }
    function mint(Either pool, int24 low, int24 high, uint128 amount) external {
        pool.mint(address(this), low, high, amount, "");
    }
    function mint2(Either pool, int24 low, int24 high, uint128 amount) external {
        pool.mint(address(this), address(this), low, high, amount, "");
    }
    function burn(Either pool, int24 low, int24 high, uint128 amount) external { pool.burn(low, high, amount); }
    function pay(Token token, address to, uint256 amount) external { token.transfer(to, amount); }
    function uniswapV3MintCallback(uint256 a, uint256 b, bytes calldata) external { settle(int256(a), int256(b)); }
    function uniswapV3SwapCallback(int256 a, int256 b, bytes calldata) external { settle(a, b); }
    function pancakeV3MintCallback(uint256 a, uint256 b, bytes calldata) external { settle(int256(a), int256(b)); }
    function pancakeV3SwapCallback(int256 a, int256 b, bytes calldata) external { settle(a, b); }
    function algebraMintCallback(uint256 a, uint256 b, bytes calldata) external { settle(int256(a), int256(b)); }
    function algebraSwapCallback(int256 a, int256 b, bytes calldata) external { settle(a, b); }
    function settle(int256 a, int256 b) private {
        if (a > 0) Token(Either(msg.sender).token0()).transfer(msg.sender, uint256(a));
        if (b > 0) Token(Either(msg.sender).token1()).transfer(msg.sender, uint256(b));
    }
}
"""


class LocalChain:
    """An EVM whose transactions make blocks: what happened waits in ``logs`` until ``block`` takes it."""

    tells_storage = True

    def __init__(self, tokens: int = 4) -> None:
        import pyrevm

        local: Any = pyrevm.CfgEnv  # its type stubs lack half of its parameters
        self.evm = pyrevm.EVM(spec_id="CANCUN", env=pyrevm.Env(cfg=local(chain_id=31337)))
        self.evm.set_balance(ME, 10**30)
        self.head = BlockRef(1, Hash32("0x01"), Hash32("0x00"), 1_700_000_000)
        self.logs: list[Log] = []
        self._set_time(self.head.timestamp)
        source = solidity.standard_input({"Trader.sol": TRADER}, runs=200)
        self.trader = self.deploy(from_source("0.6.6", source)["Trader"])
        token = from_package("uniswap-v2-core", "build/ERC20.json")
        made = [self.deploy(token, abi.pack("(uint256)", 2**255)) for _ in range(tokens)]
        self.tokens = sorted(made, key=lambda each: int(each, 16))
        for each in self.tokens:
            self.call(each, "transfer(address,uint256)", self.trader, 2**254)

    def use_lens(self) -> None:
        """As a node that takes state overrides."""
        import pyrevm

        self.evm.insert_account_info(tick_lens.LENS, pyrevm.AccountInfo(nonce=1, code=tick_lens.CODE))

    def put_multicall(self) -> None:
        """Where it is on public chains."""
        import pyrevm

        code = bytes.fromhex(multicall3().runtime)
        self.evm.insert_account_info(MULTICALL3, pyrevm.AccountInfo(nonce=1, code=code))

    def deploy(self, artifact: Artifact, arguments: bytes = b"") -> Address:
        return Address(str(self.evm.deploy(ME, artifact.code(arguments=arguments))).lower())

    def call(
        self, to: str, signature: str, *arguments: Any, returns: str = "", value: int = 0, sender: str = ME
    ) -> tuple[Any, ...]:
        """A transaction. Raises ``RuntimeError`` where it reverts, and undoes it."""
        answer = self.transact(to, abi.call(signature, *arguments), value=value, sender=sender)
        return abi.unpack(returns, answer) if returns else ()

    def transact(self, to: str, data: bytes, *, value: int = 0, sender: str = ME) -> bytes:
        """What ``to`` returns. Raises ``RuntimeError`` where it reverts, and undoes it."""
        before = self.evm.snapshot()
        try:
            answer = self.evm.message_call(sender, to, calldata=data, value=value)
        except RuntimeError:
            self.evm.revert(before)
            raise
        finally:
            self.evm.reset_transient_storage()
        for entry in self.evm.result.logs:
            self.logs.append(self._log(entry))
        self.evm.commit()
        return bytes(answer)

    def block(self, seconds: int = 12) -> NewBlock:
        """What happened since the last; the next block's time is ``seconds`` later."""
        number = self.head.number + 1
        self.head = BlockRef(number, Hash32(f"0x{number:064x}"), self.head.hash, self._time)
        logs, self.logs = tuple(self.logs), []
        self._set_time(self._time + seconds)
        return NewBlock(self.head, 10**9, 0, 30_000_000, ME, logs)

    @property
    def time(self) -> int:
        """Of the block that is being made."""
        return self._time

    async def read(self, calls: Sequence[tuple[str, bytes]], block: int) -> list[tuple[bool, bytes]]:
        """View calls as of the last block, and its time."""
        answers, pending = [], self._time
        self._set_time(self.head.timestamp)
        for to, data in calls:
            if to == storage_words.STORAGE:
                told = self.evm.storage(*storage_words.asked(data)).to_bytes(32) if self.tells_storage else b""
                answers.append((self.tells_storage, told))
                continue
            before = self.evm.snapshot()
            try:
                answers.append((True, bytes(self.evm.message_call(ME, to, calldata=data))))
            except RuntimeError:
                answers.append((False, b""))
            self.evm.revert(before)
        self._set_time(pending)
        return answers

    def _log(self, entry: Any) -> Log:
        topics = tuple(str(topic).lower() for topic in entry.topics)
        data = entry.data[1] if isinstance(entry.data, tuple) else entry.data
        number = self.head.number + 1
        tx = Hash32(f"0x{number:032x}{len(self.logs):032x}")
        return Log(
            Address(str(entry.address).lower()), topics, bytes(data), number, Hash32("0x"), tx, 0, len(self.logs)
        )

    def _set_time(self, timestamp: int) -> None:
        import pyrevm

        self._time = timestamp
        self.evm.set_block_env(pyrevm.BlockEnv(number=self.head.number + 1, timestamp=timestamp, gas_limit=2**63))


class Bench(Protocol):
    """One exchange on a chain of its own. What it does is found in the chain's logs."""

    chain: LocalChain
    deployment: Deployment
    untold: tuple[str, ...] = ()
    """Numbers of a state, as their names begin, that a reading need not tell."""

    def create(self, random: Random) -> None:
        """One more pool, with liquidity most of the time."""
        ...

    def change(self, random: Random, pool: Pool) -> None:
        """Anything but a swap that somebody may do to a pool; raises ``RuntimeError`` where that reverts."""
        ...

    def trade(self, pool: Pool, sold: int, bought: int, amount: int, exact_out: bool) -> tuple[int, int]:
        """What a swap of the pool's tokens by place moves, in and out, filled whole; raises ``RuntimeError`` where it
        reverts or is filled in part."""
        ...


class V2Bench:
    """``fee_pips`` 3000: Uniswap's build; 2500: PancakeSwap's as in production."""

    def __init__(self, fee_pips: int) -> None:
        self.chain = chain = LocalChain(12)
        artifact = (
            from_package("uniswap-v2-core", "build/UniswapV2Factory.json")
            if fee_pips == 3000
            else pancake_contracts()["PancakeFactory"]
        )
        self.factory = chain.deploy(artifact, abi.pack("(address)", ME))
        self.deployment = Deployment("pairs", V2, self.factory, fee_pips)

    def create(self, random: Random) -> None:
        while True:
            a, b = sorted(random.sample(self.chain.tokens, 2), key=lambda each: int(each, 16))
            try:
                made = self.chain.call(self.factory, "createPair(address,address)", a, b, returns="(address)")
            except RuntimeError:  # they have one
                continue
            if random.random() < 0.95:
                self._deposit(made[0], a, b, random)
            return

    def change(self, random: Random, pool: Pool) -> None:
        what = random.randrange(4)
        if what == 0:
            self._deposit(pool.address, *pool.tokens, random)
        elif what == 1:
            (held,) = self.chain.call(pool.address, "balanceOf(address)", ME, returns="(uint256)")
            part = held // random.choice([2, 10, 1000])
            self.chain.call(pool.address, "transfer(address,uint256)", pool.address, part)
            self.chain.call(pool.address, "burn(address)", ME)
        else:
            token = random.choice(pool.tokens)
            self.chain.call(token, "transfer(address,uint256)", pool.address, random.randrange(10**9))
            self.chain.call(pool.address, "sync()" if what == 2 else "skim(address)", *([] if what == 2 else [ME]))

    def trade(self, pool: Pool, sold: int, bought: int, amount: int, exact_out: bool) -> tuple[int, int]:
        """The pair is asked for all that it gives, and refuses one unit more."""
        state = V2State(*self.chain.call(pool.address, "getReserves()", returns="(uint112,uint112,uint32)")[:2])
        reserves = (state.reserve0, state.reserve1)
        scale = 10**6
        keep = scale - pool.fee_pips
        order = "pair(address,bool,uint256,uint256)"
        if exact_out:
            if amount >= reserves[bought]:
                raise RuntimeError("more than there is")
            paid = reserves[sold] * amount * scale // ((reserves[bought] - amount) * keep) + 1
            self.chain.call(self.chain.trader, order, pool.address, sold == 0, paid, amount)
            return paid, amount
        guess = amount * keep * reserves[bought] // max(reserves[sold] * scale + amount * keep, 1)
        low, high = max(guess - 1, 0), guess + 1
        for out in range(high, low - 1, -1):
            if not out:
                break
            try:
                self.chain.call(self.chain.trader, order, pool.address, sold == 0, amount, out)
            except RuntimeError:
                continue
            return amount, out
        raise RuntimeError("it pays nothing")

    def _deposit(self, pair: str, a: str, b: str, random: Random) -> None:
        for token in (a, b):
            self.chain.call(token, "transfer(address,uint256)", pair, int(10 ** random.uniform(8, 30)))
        try:
            self.chain.call(pair, "mint(address)", ME)
        except RuntimeError:  # too much for its reserves: what was sent must not lie there unseen
            self.chain.call(pair, "skim(address)", ME)
            raise


class TicksBench:
    """Uniswap v3's pools, and those that are called the same way."""

    family = V3
    tiers = ((100, 1), (500, 10), (3000, 60), (10_000, 200))

    def __init__(self) -> None:
        self.chain = LocalChain(12)
        self.factory = self._deploy()
        self.deployment = Deployment("ticks", self.family, self.factory)
        self._positions: dict[str, list[tuple[int, int, int]]] = {}

    def _deploy(self) -> Address:
        path = "artifacts/contracts/UniswapV3Factory.sol/UniswapV3Factory.json"
        factory = self.chain.deploy(from_package("uniswap-v3-core", path))
        self.chain.call(factory, "enableFeeAmount(uint24,int24)", 100, 1)
        return factory

    def create(self, random: Random) -> None:
        while True:
            a, b = sorted(random.sample(self.chain.tokens, 2), key=lambda each: int(each, 16))
            fee, spacing = random.choice(self.tiers)
            try:
                pool = self._make(a, b, fee)
            except RuntimeError:
                continue
            break
        if random.random() < 0.97:
            price = int(2**96 * 10 ** random.uniform(-6, 6))
            if random.random() < 0.05:
                price = random.choice([MIN_SQRT_RATIO, MAX_SQRT_RATIO - 1])
            self.chain.call(pool, "initialize(uint160)", price)
            spec = Pool(pool, self.family, "ticks", (Address(a), Address(b)), fee, spacing)
            for _ in range(random.choice([0, 1, 2, 5])):
                self._mint(random, spec)

    def _make(self, a: str, b: str, fee: int) -> Address:
        (pool,) = self.chain.call(self.factory, "createPool(address,address,uint24)", a, b, fee, returns="(address)")
        return Address(pool)

    def _tick(self, pool: Pool) -> int:
        answer = self.chain.evm.message_call(ME, pool.address, calldata=abi.call("slot0()"))
        return int(abi.unpack("(uint160,int24)", bytes(answer)[:64])[1])

    def _mint(self, random: Random, pool: Pool) -> None:
        tick, spacing = self._tick(pool), pool.tick_spacing
        end = 887272 // spacing * spacing
        width = random.choice([1, 3, 20, 300, 3000, 20000])
        middle = tick // spacing + random.randint(-width, width)
        low, high = max((middle - width) * spacing, -end), min((middle + width) * spacing, end)
        if low >= high:
            return
        amount = int(10 ** random.uniform(3, 26))
        try:
            self._position(pool, low, high, amount)
        except RuntimeError:  # more than a tick may hold, or than the trader has
            return
        self._positions.setdefault(pool.address, []).append((low, high, amount))

    def _position(self, pool: Pool, low: int, high: int, amount: int) -> None:
        order = "mint(address,int24,int24,uint128)"
        self.chain.call(self.chain.trader, order, pool.address, low, high, amount)

    def _burn(self, pool: Pool, low: int, high: int, amount: int) -> None:
        order = "burn(address,int24,int24,uint128)"
        self.chain.call(self.chain.trader, order, pool.address, low, high, amount)

    def change(self, random: Random, pool: Pool) -> None:
        held = self._positions.get(pool.address, [])
        if held and random.random() < 0.4:
            low, high, amount = held.pop(random.randrange(len(held)))
            part = random.choice([amount, amount // 3, 0])
            self._burn(pool, low, high, part)
            if amount - part:
                held.append((low, high, amount - part))
        else:
            self._mint(random, pool)

    def trade(self, pool: Pool, sold: int, bought: int, amount: int, exact_out: bool) -> tuple[int, int]:
        first = sold == 0
        limit = MIN_SQRT_RATIO + 1 if first else MAX_SQRT_RATIO - 1
        signature = "swap(address,bool,int256,uint160)"
        order = (pool.address, first, -amount if exact_out else amount, limit)
        moved = self.chain.call(self.chain.trader, signature, *order, returns="(int256,int256)")
        paid, out = (moved[0], -moved[1]) if first else (moved[1], -moved[0])
        if (out if exact_out else paid) != amount or not out or not paid:
            raise RuntimeError("filled in part")
        return paid, out


class PancakeV3Bench(TicksBench):
    family = PANCAKE_V3
    tiers = ((100, 1), (500, 10), (2500, 50), (10_000, 200))

    def _deploy(self) -> Address:
        deployer = self.chain.deploy(*pancake_v3_deployer(pancake_v3_artifact("PancakeV3Pool")))
        return self.chain.deploy(pancake_v3_artifact("PancakeV3Factory"), abi.pack("(address)", deployer))


class SlipstreamBench(TicksBench):
    """Uniswap v3's pools, whose walk Slipstream's is, behind a stand-in of its factory."""

    family = SLIPSTREAM

    def _deploy(self) -> Address:
        self._core = super()._deploy()
        return self.chain.deploy(standins("slipstream")["CLFactory"])

    def _make(self, a: str, b: str, fee: int) -> Address:
        (pool,) = self.chain.call(self._core, "createPool(address,address,uint24)", a, b, fee, returns="(address)")
        order = (a, b, dict(self.tiers)[fee], pool)
        self.chain.call(self.factory, "announce(address,address,int24,address)", *order)
        return Address(pool)


class AlgebraBench(TicksBench):
    family = ALGEBRA
    tiers = ((0, 60),)

    def _deploy(self) -> Address:
        deployer = self.chain.deploy(algebra_artifact("AlgebraPoolDeployer"))
        code = algebra_artifact("AlgebraFactory")
        factory = self.chain.deploy(code, abi.pack("(address,address)", deployer, ME))
        self.chain.call(deployer, "setFactory(address)", factory)
        return factory

    def _make(self, a: str, b: str, fee: int) -> Address:
        (pool,) = self.chain.call(self.factory, "createPool(address,address)", a, b, returns="(address)")
        return Address(pool)

    def _tick(self, pool: Pool) -> int:
        answer = self.chain.evm.message_call(ME, pool.address, calldata=abi.call("globalState()"))
        return int(abi.unpack("(uint160,int24)", bytes(answer)[:64])[1])

    def _position(self, pool: Pool, low: int, high: int, amount: int) -> None:
        order = "mint2(address,int24,int24,uint128)"
        self.chain.call(self.chain.trader, order, pool.address, low, high, amount)

    def change(self, random: Random, pool: Pool) -> None:
        if random.random() < 0.8:
            super().change(random, pool)
            return
        alpha = random.randrange(30_000)
        middles, stretches = [random.randrange(10**5) for _ in range(2)], [random.randrange(1, 9000) for _ in range(3)]
        terms = (alpha, 30_000 - alpha, *middles, *stretches[:2], random.randrange(20), stretches[2], 100)
        operator = self.chain.call(pool.address, "dataStorageOperator()", returns="(address)")[0]
        order = "changeFeeConfiguration((uint16,uint16,uint32,uint32,uint16,uint16,uint32,uint16,uint16))"
        self.chain.call(operator, order, terms)


class V4Bench:
    """Own and native currencies, fees and spacings as they come, protocol fees, a hook that leaves swaps alone."""

    def __init__(self) -> None:
        self.chain = chain = LocalChain(6)
        out = "out/{0}.sol/{0}.json"
        make: Callable[[str, bytes], Address] = lambda name, args: chain.deploy(  # noqa: E731
            from_package("uniswap-v4-core", out.format(name)), args
        )
        self.manager = make("PoolManager", abi.pack("(address)", ME))
        self.swapper = make("PoolSwapTest", abi.pack("(address)", self.manager))
        self.provider = make("PoolModifyLiquidityTest", abi.pack("(address)", self.manager))
        for token in chain.tokens:
            for spender in (self.swapper, self.provider):
                chain.call(token, "approve(address,uint256)", spender, 2**256 - 1)
        chain.call(self.manager, "setProtocolFeeController(address)", ME)
        chain.evm.set_balance(ME, 2**200)
        self.deployment = Deployment("uniswap_v4", V4, self.manager)
        self._positions: dict[str, list[tuple[int, int, int]]] = {}
        self._keys: dict[str, tuple[Any, ...]] = {}

    def create(self, random: Random) -> None:
        currencies = [ZERO, *self.chain.tokens]
        while True:
            a, b = sorted(random.sample(currencies, 2), key=lambda each: int(each, 16))
            fee = random.choice([0, 1, 100, 500, 3000, 10_000, 123_456, 1_000_000, DYNAMIC])
            spacing = random.choice([10, 60, 60, 200, 200, 32767]) if random.random() < 0.95 else 1
            hooks = f"0x{random.choice([0, 0, 1 << 13, 1 << 7 | 1 << 30]) + (fee == DYNAMIC) * 2**20:040x}"
            key = (a, b, fee, spacing, ZERO if fee != DYNAMIC else hooks)
            if fee == DYNAMIC:
                self.chain.evm.insert_account_info(hooks, _answering())
            try:
                price = int(2**96 * 10 ** random.uniform(-6, 6))
                self.chain.call(self.manager, f"initialize({KEY},uint160)", key, price)
            except RuntimeError:
                continue
            break
        pool = Pool(
            Address("0x" + _hash(abi.pack(f"({KEY})", key)).hex()), V4, "v4", (Address(a), Address(b)), 0, spacing
        )
        for _ in range(random.choice([0, 1, 2, 5])):
            self._provide(random, pool, key)
        self._keys[pool.address] = key

    def _provide(self, random: Random, pool: Pool, key: tuple[Any, ...]) -> None:
        spacing = key[3]
        end = 887272 // spacing * spacing
        middle = random.randint(-100_000, 100_000) // spacing
        width = random.choice([1, 3, 20, 300, 3000, 20000])
        low, high = max((middle - width) * spacing, -end), min((middle + width) * spacing, end)
        self._modify(pool, key, low, high, int(10 ** random.uniform(3, 26)))

    def _modify(self, pool: Pool, key: tuple[Any, ...], low: int, high: int, amount: int) -> None:
        if low >= high:
            return
        signature = f"modifyLiquidity({KEY},(int24,int24,int256,bytes32),bytes)"
        order = (key, (low, high, amount, b"\0" * 32), b"")
        try:
            self.chain.call(self.provider, signature, *order, value=10**40 if int(key[0], 16) == 0 else 0)
        except RuntimeError:
            return
        held = self._positions.setdefault(pool.address, [])
        if amount > 0:
            held.append((low, high, amount))

    def change(self, random: Random, pool: Pool) -> None:
        key, what = self._keys[pool.address], random.random()
        held = self._positions.get(pool.address, [])
        if what < 0.2:
            fees = [random.choice([0, 1, 500, 1000]) for _ in range(2)]
            self.chain.call(self.manager, f"setProtocolFee({KEY},uint24)", key, fees[0] | fees[1] << 12)
        elif what < 0.3 and key[2] == DYNAMIC:
            fee = random.choice([0, 50, 3000, 1_000_000])
            self.chain.call(self.manager, f"updateDynamicLPFee({KEY},uint24)", key, fee, sender=key[4])
        elif what < 0.6 and held:
            low, high, amount = held.pop(random.randrange(len(held)))
            self._modify(pool, key, low, high, -amount)
        else:
            self._provide(random, pool, key)

    def trade(self, pool: Pool, sold: int, bought: int, amount: int, exact_out: bool) -> tuple[int, int]:
        key, first = self._keys[pool.address], sold == 0
        limit = MIN_SQRT_RATIO + 1 if first else MAX_SQRT_RATIO - 1
        signature = f"swap({KEY},(bool,int256,uint160),(bool,bool),bytes)"
        order = (key, (first, amount if exact_out else -amount, limit), (False, False), b"")
        native = int(key[0], 16) == 0 and first
        (delta,) = self.chain.call(self.swapper, signature, *order, returns="(int256)", value=2**150 if native else 0)
        amounts = delta >> 128, (delta & (2**128 - 1)) - (2**128 if delta >> 127 & 1 else 0)
        paid, out = -amounts[sold], amounts[bought]
        if (out if exact_out else paid) != amount or not out or not paid:
            raise RuntimeError("filled in part")
        return paid, out


def _hash(data: bytes) -> bytes:
    from tallyio.chains.keccak import keccak256

    return keccak256(data)


def _answering() -> Any:
    """An account whose code answers every call with the caller's selector, as a hook must."""
    import pyrevm

    code = bytes.fromhex("5f3560e01c60e01b5f5260205ff3")
    return pyrevm.AccountInfo(nonce=1, code=code)


class StandinBench:
    """What exchanges share that stand in for contracts that no package holds: open tokens of several decimals."""

    decimals: tuple[int, ...] = (18, 18, 6, 8, 6, 18, 2, 18, 9, 12, 6, 18)
    expected = 0
    """What is said to be the input for a wanted output."""

    def __init__(self) -> None:
        self.chain = chain = LocalChain(0)
        code = own_contracts()["OpenToken"]
        self.units: dict[str, int] = {}
        for places in self.decimals:
            token = chain.deploy(code, abi.pack("(string,uint8)", "T", places))
            self.units[token] = 10**places
            for holder in (ME, chain.trader):
                chain.call(token, "mint(address,uint256)", holder, 2**200)
        chain.tokens = sorted(self.units, key=lambda each: int(each, 16))
        chain.block()

    def view(self, to: str, signature: str, *arguments: Any, returns: str = "(uint256)") -> Any:
        """Raises ``RuntimeError`` where it reverts."""
        before = self.chain.evm.snapshot()
        try:
            answer = self.chain.evm.message_call(ME, to, calldata=abi.call(signature, *arguments))
        finally:
            self.chain.evm.revert(before)
        return abi.unpack(returns, bytes(answer))[0]

    def least(self, quote: Callable[[int], int], wanted: int) -> int:
        """The least input that the contract quotes ``wanted`` for; raises ``RuntimeError`` where there is none."""

        def answer(amount: int) -> int:
            try:
                return quote(amount)
            except RuntimeError:
                return -1

        powers = [2**k for k in range(129)]
        paid = [answer(amount) for amount in powers]
        beyond = max(paid) < wanted
        first = next((k for k, each in enumerate(paid) if each >= wanted), 0)
        if beyond:
            first = max((k + 1 for k, each in enumerate(paid[:-1]) if each > 0), default=0)
        low, high = powers[first] // 2, powers[first]
        while high - low > 1:
            middle = (low + high) // 2
            found = answer(middle)
            low, high = (low, middle) if found >= wanted or (beyond and found < 0) else (middle, high)
        if quote(high) < wanted:
            raise RuntimeError("no input pays that")
        return high

    def enough(self, quote: Callable[[int], int], wanted: int) -> int:
        """``least``, or ``expected`` where that pays ``wanted`` and one unit less does not: there are several such
        inputs where a fee that rises with the trade takes back what a unit more had brought."""
        try:
            below = quote(self.expected - 1) if self.expected > 1 else 0
        except RuntimeError:
            below = 0
        if self.expected and below < wanted <= quote(self.expected):
            return self.expected
        return self.least(quote, wanted)

    def traded(
        self, pool: Pool, method: str, places: tuple[int, int], bought: int, amount: int, exact_out: bool
    ) -> tuple[int, int]:
        """A Curve pool's exchange, of which what arrives is measured: the first pools answer nothing, and quote
        otherwise than they pay."""
        signature = f"{method}(int128,int128,uint256,uint256)"

        def pays(spent: int) -> int:
            evm = self.chain.evm
            before = evm.snapshot()
            try:
                evm.message_call(ME, pool.address, calldata=abi.call(signature, *places, spent, 0))
                told = evm.result.logs[-1].data
                return int.from_bytes((told[1] if isinstance(told, tuple) else told)[-32:])
            finally:
                evm.revert(before)

        paid = self.enough(pays, amount) if exact_out else amount
        if not pays(paid):
            raise RuntimeError("it pays nothing")
        held = self.view(pool.tokens[bought], "balanceOf(address)", ME)
        self.chain.call(pool.address, signature, *places, paid, 0)
        return paid, int(self.view(pool.tokens[bought], "balanceOf(address)", ME) - held)


class SolidlyBench(StandinBench):
    """Aerodrome's, Velodrome's or Camelot's rounding."""

    def __init__(self, family: str) -> None:
        super().__init__()
        contracts = standins("solidly")
        self.camelot = family == CAMELOT
        if self.camelot:
            factory = self.chain.deploy(contracts["CamelotFactory"], abi.pack("(address)", "0x" + "77" * 20))
        else:
            factory = self.chain.deploy(contracts["SolidlyFactory"], abi.pack("(bool)", family == AERODROME))
        self.factory, self.deployment = factory, Deployment("solidly", family, factory)

    def create(self, random: Random) -> None:
        stable = random.random() < 0.6
        while True:
            a, b = sorted(random.sample(self.chain.tokens, 2), key=lambda each: int(each, 16))
            try:
                if self.camelot:
                    order: tuple[Any, ...] = ("createPair(address,address)", a, b)
                else:
                    order = ("createPool(address,address,bool)", a, b, stable)
                (pool,) = self.chain.call(self.factory, *order, returns="(address)")
            except RuntimeError:  # they have one
                continue
            break
        if self.camelot and stable:
            self.chain.call(pool, "setStableSwap(bool)", True)
        if random.random() < 0.95:
            self._deposit(random, pool, a, b, stable and not self.camelot)

    def _deposit(self, random: Random, pool: str, a: str, b: str, even: bool) -> None:
        whole = random.randrange(1, 10**7)
        for token in (a, b):
            amount = whole * self.units[token]
            amount = amount if even else int(amount * random.uniform(0.3, 3))
            self.chain.call(token, "transfer(address,uint256)", pool, amount)
        self.chain.call(pool, "mint(address)", ME)

    def change(self, random: Random, pool: Pool) -> None:
        what = random.randrange(5)
        if what == 0:
            self._deposit(random, pool.address, *pool.tokens, False)
        elif what == 1:
            held = self.view(pool.address, "balanceOf(address)", ME)
            self.chain.call(pool.address, "transfer(address,uint256)", pool.address, held // random.choice([2, 10]))
            self.chain.call(pool.address, "burn(address)", ME)
        elif what == 2:
            token = random.choice(pool.tokens)
            self.chain.call(token, "transfer(address,uint256)", pool.address, random.randrange(self.units[token]))
            self.chain.call(pool.address, "sync()")
        elif self.camelot:
            if what == 3:
                fees = [random.choice([1, 40, 300, 2000]) for _ in range(2)]
                self.chain.call(pool.address, "setFeePercent(uint16,uint16)", *fees)
            else:
                self.chain.call(pool.address, "setStableSwap(bool)", random.random() < 0.5)
        elif what == 3:
            fee = random.choice([0, 1, 5, 30, 300, 420])
            self.chain.call(self.factory, "setCustomFee(address,uint256)", pool.address, fee)
        else:
            self.chain.call(pool.address, "skim(address)", ME)

    def trade(self, pool: Pool, sold: int, bought: int, amount: int, exact_out: bool) -> tuple[int, int]:
        def quote(spent: int) -> int:
            return int(self.view(pool.address, "getAmountOut(uint256,address)", spent, pool.tokens[sold]))

        paid, out = (self.least(quote, amount), amount) if exact_out else (amount, quote(amount))
        self.chain.call(self.chain.trader, "pair(address,bool,uint256,uint256)", pool.address, sold == 0, paid, out)
        return paid, out


class StableSwapBench(StandinBench):
    """Plain pools of Curve's StableSwap-NG of two to four coins, some with a rate of their own."""

    def __init__(self) -> None:
        super().__init__()
        self.factory = self.chain.deploy(standins("stableswap")["StableFactory"])
        self.deployment = Deployment("stable", CURVE_NG, self.factory)
        self.rate = self.chain.deploy(own_contracts()["RateProvider"], abi.pack("(uint256)", 11 * 10**17))
        self._made = 0

    def create(self, random: Random) -> None:
        coins = random.sample(self.chain.tokens, random.choice([2, 2, 3, 4]))
        kinds = [int(random.random() < 0.1) for _ in coins]
        method = bytes.fromhex("679aefce")
        self._made += 1
        (pool,) = self.chain.call(
            self.factory,
            "deploy_plain_pool(string,string,address[],uint256,uint256,uint256,uint256,uint256,uint8[],bytes4[],address[])",
            "", "", coins, random.choice([10, 200, 2000]), 10**6 + self._made,
            random.choice([10**10, 2 * 10**10, 10**11]), 866, 0,
            kinds, [method if kind else bytes(4) for kind in kinds], [self.rate] * len(coins),
            returns="(address)",
        )  # fmt: skip
        for token in coins:
            self.chain.call(token, "approve(address,uint256)", pool, 2**256 - 1)
        if random.random() < 0.95:
            whole = random.randrange(1, 10**7)
            amounts = [int(whole * self.units[each] * random.uniform(0.3, 3)) for each in coins]
            self.chain.call(pool, "add_liquidity(uint256[],uint256)", amounts, 0)

    def change(self, random: Random, pool: Pool) -> None:
        what = random.randrange(8)
        n, held = len(pool.tokens), self.view(pool.address, "balanceOf(address)", ME)
        if what < 2:
            whole = random.randrange(1, 10**5)
            amounts = [int(whole * self.units[each] * random.uniform(0, 2)) for each in pool.tokens]
            self.chain.call(pool.address, "add_liquidity(uint256[],uint256)", amounts, 0)
        elif what == 2:
            self.chain.call(pool.address, "remove_liquidity(uint256,uint256[])", held // 20, [0] * n)
        elif what == 3:
            order = held // 50, random.randrange(n), 0
            self.chain.call(pool.address, "remove_liquidity_one_coin(uint256,int128,uint256)", *order)
        elif what == 4:
            order = random.choice([20, 100, 1500]), self.chain.time + random.choice([100, 100_000])
            self.chain.call(pool.address, "ramp_A(uint256,uint256)", *order)
        elif what == 5:
            self.chain.call(pool.address, "stop_ramp_A()")
        elif what == 6:
            order = random.choice([0, 10**6, 10**8]), random.choice([10**10, 5 * 10**10])
            self.chain.call(pool.address, "set_new_fee(uint256,uint256)", *order)
        else:
            self.chain.call(self.rate, "set(uint256)", int(10**18 * random.uniform(1, 1.2)))

    def trade(self, pool: Pool, sold: int, bought: int, amount: int, exact_out: bool) -> tuple[int, int]:
        signature = "exchange(int128,int128,uint256,uint256)"

        def quote(spent: int) -> int:
            return int(self.view(pool.address, signature, sold, bought, spent, 0))

        paid = self.least(quote, amount) if exact_out else amount
        if not quote(paid):
            raise RuntimeError("it pays nothing")
        (out,) = self.chain.call(pool.address, signature, sold, bought, paid, 0, returns="(uint256)")
        return paid, out


class OverBase:
    """Of a bench of plain pools one of meta pools over them: both are traded and changed."""

    units: dict[str, int]

    def change(self, random: Random, pool: Pool) -> None:
        bench: Any = super()
        base = msgspec.structs.replace(pool, address=pool.below, tokens=pool.tokens[2:])
        what = random.randrange(4)
        if what < 2:
            self.units[pool.tokens[1]] = 10**16
            try:
                bench.change(random, msgspec.structs.replace(pool, tokens=pool.tokens[:2]))
            finally:
                del self.units[pool.tokens[1]]
        elif what == 2:
            bench.change(random, base)
        else:
            sold, bought = random.sample(range(len(base.tokens)), 2)
            bench.trade(base, sold, bought, random.randrange(1, 10**4) * self.units[base.tokens[sold]], False)

    def afford(self, pool: Pool, sold: int) -> int:
        """Shares come from deposits alone."""
        bench: Any = self
        return int(bench.view(pool.tokens[1], "balanceOf(address)", ME)) if sold == 1 else 2**255

    def trade(self, pool: Pool, sold: int, bought: int, amount: int, exact_out: bool) -> tuple[int, int]:
        bench: Any = self
        if max(sold, bought) < 2:
            return bench.traded(pool, "exchange", (sold, bought), bought, amount, exact_out)
        if min(sold, bought) > 0:
            raise RuntimeError("the pool below trades that itself")
        places = max(sold - 1, 0), max(bought - 1, 0)
        return bench.traded(pool, "exchange_underlying", places, bought, amount, exact_out)


class MetaBench(OverBase, StableSwapBench):
    """Meta pools over plain NG pools, whose own making is not heard of."""

    def __init__(self) -> None:
        super().__init__()
        maker = self.chain.deploy(standins("stableswap")["StableMetaMaker"])
        self.chain.call(self.factory, "set_metapool_implementation(address)", maker)

    def create(self, random: Random) -> None:
        own, *coins = random.sample(self.chain.tokens, random.choice([3, 4]))
        base = self._base(random, coins)
        self._made += 1
        kind = int(random.random() < 0.1)
        (pool,) = self.chain.call(
            self.factory,
            "deploy_metapool(address,string,string,address,uint256,uint256,uint256,uint256,uint256,uint8,bytes4,address)",
            base, "", "", own, random.choice([10, 200, 2000]), 10**6 + self._made,
            random.choice([10**10, 2 * 10**10, 10**11]), 866, 0,
            kind, bytes.fromhex("679aefce") if kind else bytes(4), self.rate,
            returns="(address)",
        )  # fmt: skip
        for token in (own, base, *coins):
            self.chain.call(token, "approve(address,uint256)", pool, 2**256 - 1)
        if random.random() < 0.95:
            shares = self.view(base, "balanceOf(address)", ME) // random.choice([2, 5, 50])
            amounts = [int(shares * self.units[own] * random.uniform(0.3, 3)) // 10**18, shares]
            self.chain.call(pool, "add_liquidity(uint256[],uint256)", amounts, 0)

    def _base(self, random: Random, coins: Sequence[str]) -> Address:
        """A filled plain pool, of which the chain's logs say nothing."""
        n = len(coins)
        order = (random.choice([20, 200, 2000]), random.choice([0, 10**6, 10**8]), 2 * 10**10, 866, 0)
        (base,) = self.chain.call(
            self.factory,
            "deploy_plain_pool(string,string,address[],uint256,uint256,uint256,uint256,uint256,uint8[],bytes4[],address[])",
            "", "", list(coins), *order, [0] * n, [bytes(4)] * n, [ZERO] * n,
            returns="(address)",
        )  # fmt: skip
        for token in coins:
            self.chain.call(token, "approve(address,uint256)", base, 2**256 - 1)
        whole = random.randrange(10**3, 10**7)
        amounts = [int(whole * self.units[each] * random.uniform(0.5, 2)) for each in coins]
        self.chain.call(base, "add_liquidity(uint256[],uint256)", amounts, 0)
        self.chain.logs.clear()
        return Address(base)


class LegacyBench(StandinBench):
    """Curve's first plain pools, listed by a registry: 3pool's arithmetic and the template's, of two to four coins."""

    def __init__(self) -> None:
        super().__init__()
        self._contracts = standins("stable_legacy")
        self.factory = self.chain.deploy(self._contracts["LegacyRegistry"])
        self.deployment = Deployment("legacy", CURVE_LEGACY, self.factory)
        self._shares: dict[str, Address] = {}

    def create(self, random: Random) -> None:
        coins = random.sample(self.chain.tokens, random.choice([2, 3, 3, 4]))
        pool, _ = self._pool(random, coins, random.choice([1, 100]))
        self.chain.call(self.factory, "add_pool(address)", pool)
        if random.random() < 0.95:
            self._fill(random, pool, coins)

    def _pool(self, random: Random, coins: Sequence[str], unit: int) -> tuple[Address, Address]:
        pool = self._pool_of("LegacyPool", "uint256", coins, unit, random)
        return pool, self._shares[pool]

    def _pool_of(self, name: str, type_: str, coins: Sequence[str], what: Any, random: Random) -> Address:
        shares = self.chain.deploy(self._contracts["LegacyToken"])
        fees = random.choice([0, 10**6, 4 * 10**6, 10**8]), random.choice([0, 5 * 10**9])
        terms = f"(address[],address,{type_},uint256,uint256,uint256)"
        made = abi.pack(terms, list(coins), shares, what, random.choice([10, 200, 2000]), *fees)
        pool = self.chain.deploy(self._contracts[name], made)
        self.chain.call(shares, "set_minter(address)", pool)
        self._shares[pool] = shares
        for token in coins:
            self.chain.call(token, "approve(address,uint256)", pool, 2**256 - 1)
        return pool

    def _fill(self, random: Random, pool: str, coins: Sequence[str]) -> None:
        whole = random.randrange(1, 10**7)
        amounts = [int(whole * self.units[each] * random.uniform(0.3, 3)) for each in coins]
        self.chain.call(pool, f"add_liquidity(uint256[{len(coins)}],uint256)", amounts, 0)

    def change(self, random: Random, pool: Pool) -> None:
        what = random.randrange(8)
        n, at, call = len(pool.tokens), pool.address, self.chain.call
        held = self.view(self._shares[at], "balanceOf(address)", ME)
        some = [int(random.randrange(1, 10**5) * self.units[each] * random.uniform(0, 2)) for each in pool.tokens]
        if what < 2:
            call(at, f"add_liquidity(uint256[{n}],uint256)", some, 0)
        elif what == 2:
            call(at, f"remove_liquidity(uint256,uint256[{n}])", held // 20, [0] * n)
        elif what == 3:
            call(at, "remove_liquidity_one_coin(uint256,int128,uint256)", held // 50, random.randrange(n), 0)
        elif what == 4:
            call(at, f"remove_liquidity_imbalance(uint256[{n}],uint256)", [each // 9 for each in some], held)
        elif what == 5:
            order = random.choice([20, 100, 1500]), self.chain.time + random.choice([100, 100_000])
            call(at, "ramp_A(uint256,uint256)", *order)
        elif what == 6:
            call(at, "stop_ramp_A()")
        else:
            order = random.choice([0, 10**6, 10**8]), random.choice([0, 5 * 10**9, 10**10])
            call(at, "commit_new_fee(uint256,uint256)", *order)
            call(at, random.choice(["apply_new_fee()", "withdraw_admin_fees()"]))

    def trade(self, pool: Pool, sold: int, bought: int, amount: int, exact_out: bool) -> tuple[int, int]:
        return self.traded(pool, "exchange", (sold, bought), bought, amount, exact_out)


class LegacyMetaBench(OverBase, LegacyBench):
    """Meta pools over 3pool, which no registry lists here."""

    def create(self, random: Random) -> None:
        own, *coins = random.sample(self.chain.tokens, 4)
        base, shares = self._pool(random, coins, 1)
        self._fill(random, base, coins)
        made = self._pool_of("LegacyMeta", "address", [own, shares], base, random)
        for token in coins:
            self.chain.call(token, "approve(address,uint256)", made, 2**256 - 1)
        self.chain.logs.clear()
        self.chain.call(self.factory, "add_pool(address)", made)
        if random.random() < 0.95:
            held = self.view(shares, "balanceOf(address)", ME) // random.choice([2, 5, 50])
            amounts = [int(held * self.units[own] * random.uniform(0.3, 3)) // 10**18, held]
            self.chain.call(made, "add_liquidity(uint256[2],uint256)", amounts, 0)


class CryptoBench(StandinBench):
    """Pools of Twocrypto-NG or Tricrypto-NG, prices and terms as they come; ``plain`` is the build for ether."""

    def __init__(self, n: int, plain: bool = False) -> None:
        super().__init__()
        self.n, self.plain = n, plain
        self.untold = ("price_oracle", "price_scale", "d", "virtual_price") if plain else ("price_oracle",)
        name, family = {2: ("TwocryptoFactory", TWOCRYPTO), 3: ("TricryptoFactory", TRICRYPTO)}[n]
        self.factory = self.chain.deploy(standins("crypto")[name])
        self.chain.call(self.factory, "set_fee_receiver(address)", "0x" + "77" * 20)
        self.chain.put_multicall()
        self.deployment = Deployment("crypto", family, self.factory)
        self._worth: dict[str, list[float]] = {}

    def create(self, random: Random) -> None:
        coins = random.sample(self.chain.tokens, self.n)
        worth = [1.0] + [10 ** random.uniform(-3, 4) for _ in coins[1:]]
        prices = [int(each * 10**18) for each in worth[1:]]
        order = DEPLOY_CRYPTO[self.n], "", "", coins
        terms = self._terms(random)
        if self.n == 2:
            (pool,) = self.chain.call(self.factory, *order, 0, terms, prices[0], returns="(address)")
        else:
            (pool,) = self.chain.call(self.factory, *order, ZERO, int(self.plain), terms, prices, returns="(address)")
        self._worth[pool] = worth
        for token in coins:
            self.chain.call(token, "approve(address,uint256)", pool, 2**256 - 1)
        if random.random() < 0.95:
            self._deposit(random, pool, coins, random.uniform(2, 7), 0.1)

    def _terms(self, random: Random) -> tuple[int, ...]:
        a = random.choice([400_000, 4_000_000] if self.n == 2 else [540_000, 1_707_629, 27_000_000])
        gamma = int(10 ** random.uniform(12.5, 15.2))
        mid = random.choice([10**6, 3 * 10**6, 26 * 10**6])
        out = mid * random.choice([1, 2, 10])
        window = random.choice([87, 866, 60_000])
        return a, gamma, mid, out, int(10 ** random.uniform(13, 16)), random.choice([0, 10**10, 10**14]), 10**14, window

    def _deposit(self, random: Random, pool: str, coins: Sequence[str], size: float, spread: float) -> None:
        whole = 10**size
        parts = zip(coins, self._worth[pool], strict=True)
        amounts = [int(whole / worth * self.units[c] * 10 ** random.uniform(-spread, spread)) for c, worth in parts]
        if spread > 1 and random.random() < 0.4:
            amounts[random.randrange(self.n)] = 0
        self.chain.call(pool, f"add_liquidity(uint256[{self.n}],uint256)", amounts, 0)

    def change(self, random: Random, pool: Pool) -> None:
        what, held = random.randrange(9), self.view(pool.address, "balanceOf(address)", ME)
        if what < 3:
            self._deposit(random, pool.address, pool.tokens, random.uniform(0, 6), 1.2)
        elif what == 3:
            part = held // random.choice([3, 20, 1000, 1]) if random.random() < 0.5 else held // 7
            self.chain.call(pool.address, f"remove_liquidity(uint256,uint256[{self.n}])", part, [0] * self.n)
        elif what == 4:
            order = held // random.choice([30, 200]), random.randrange(self.n), 0
            self.chain.call(pool.address, "remove_liquidity_one_coin(uint256,uint256,uint256)", *order)
        elif what == 5:
            a, gamma, *_ = self._terms(random)
            end = self.chain.time + random.choice([86_400, 300_000])
            self.chain.call(pool.address, "ramp_A_gamma(uint256,uint256,uint256)", a, gamma, end)
        elif what == 6:
            self.chain.call(pool.address, "stop_ramp_A_gamma()")
        elif what == 7:
            _, _, mid, out, steep, profit, step, window = self._terms(random)
            order = mid, out, steep, profit, step, window, 62_324
            self.chain.call(pool.address, f"apply_new_parameters({','.join(['uint256'] * 7)})", *order)
        else:
            self.chain.call(pool.address, "claim_admin_fees()")

    def trade(self, pool: Pool, sold: int, bought: int, amount: int, exact_out: bool) -> tuple[int, int]:
        """The pool's quotes do not rise at every wei: the input for an output is searched from the pool's own guess."""

        def quote(spent: int) -> int:
            try:
                return int(self.view(pool.address, "get_dy(uint256,uint256,uint256)", sold, bought, spent))
            except RuntimeError as e:
                raise ChainDataError(str(e)) from None

        try:
            guess = self.view(pool.address, "get_dx(uint256,uint256,uint256)", sold, bought, amount) if exact_out else 0
        except RuntimeError:
            guess = 1
        try:
            paid = least_input(quote, amount, guess) if exact_out else amount
            pays = quote(paid)
        except ChainDataError as e:
            raise RuntimeError(e.message) from None
        if not pays:
            raise RuntimeError("it pays nothing")
        order = "exchange(uint256,uint256,uint256,uint256)"
        (out,) = self.chain.call(pool.address, order, sold, bought, paid, 0, returns="(uint256)")
        return paid, out


class BalancerV2Bench:
    """Weighted and composable stable pools of the last published generation, some with rates that move."""

    def __init__(self) -> None:
        self.chain = chain = LocalChain(6)
        own = own_contracts()
        self._rate_code, self._rates, self._ids = own["RateProvider"], dict[str, list[Address]](), dict[str, bytes]()
        authorizer = chain.deploy(balancer_artifact("20210418-authorizer", "Authorizer"), abi.pack("(address)", ME))
        made = abi.pack("(address,address,uint256,uint256)", authorizer, chain.tokens[0], 90 * 86400, 30 * 86400)
        self.vault = chain.deploy(balancer_artifact("20210418-vault", "Vault"), made)
        provider = balancer_artifact("20220725-protocol-fee-percentages-provider", "ProtocolFeePercentagesProvider")
        fees = chain.deploy(provider, abi.pack("(address,uint256,uint256)", self.vault, 10**17, 10**17))
        told = abi.pack("(address,address,string,string)", self.vault, fees, "", "")
        self._factories = {kind: chain.deploy(factory(kind), told) for kind in ("weighted_v3", "composable_v3")}
        self._authorizer = authorizer
        for token in chain.tokens:
            chain.call(token, "approve(address,uint256)", self.vault, 2**256 - 1)
        self.deployment = Deployment("balancer", BALANCER_V2, self.vault)

    def create(self, random: Random) -> None:
        tokens = sorted(random.sample(self.chain.tokens, random.randint(2, 4)))
        fee, none = int(10 ** random.uniform(12, 16)), [ZERO] * len(tokens)
        if random.random() < 0.5:
            parts = [random.randint(1, 9) for _ in tokens]
            weights = [part * 10**18 // sum(parts) for part in parts]
            weights[0] += 10**18 - sum(weights)
            pool = self._made("weighted_v3", WEIGHTED, tokens, weights, none, fee, ME)
        else:
            rated = [self._provider(random) if random.random() < 0.3 else ZERO for _ in tokens]
            times, flags = [random.choice([0, 30, 3600]) for _ in tokens], [False] * len(tokens)
            order = (tokens, random.randint(1, 2000), rated, times, flags, fee, ME)
            pool = self._made("composable_v3", COMPOSABLE, *order)
            self._rates[pool] = [Address(each) for each in rated if each != ZERO]
        base = random.uniform(15, 25)
        found = self._tokens(pool)
        amounts = [2**111 if token == pool else int(10 ** (base + random.uniform(-1, 1))) for token in found]
        data = abi.pack("(uint256,uint256[])", 0, amounts)
        self._join(pool, found, data)

    def _made(self, kind: str, signature: str, *arguments: Any) -> Address:
        (pool,) = self.chain.call(self._factories[kind], signature, "P", "P", *arguments, returns="(address)")
        (self._ids[pool],) = self.chain.call(pool, "getPoolId()", returns="(bytes32)")
        guarded = abi.call("setSwapFeePercentage(uint256)", 0)[:4]
        (action,) = self.chain.call(pool, "getActionId(bytes4)", guarded, returns="(bytes32)")
        self.chain.call(self._authorizer, "grantRole(bytes32,address)", action, ME)
        return Address(pool)

    def _provider(self, random: Random) -> Address:
        return self.chain.deploy(self._rate_code, abi.pack("(uint256)", int(10**18 * random.uniform(0.8, 1.5))))

    def _tokens(self, pool: str) -> list[str]:
        view, returns = "getPoolTokens(bytes32)", "(address[],uint256[],uint256)"
        return list(self.chain.call(self.vault, view, self._ids[pool], returns=returns)[0])

    def _join(self, pool: str, tokens: Sequence[str], data: bytes) -> None:
        order = (list(tokens), [2**255] * len(tokens), data, False)
        self.chain.call(self.vault, JOIN, self._ids[pool], ME, ME, order)

    def change(self, random: Random, pool: Pool) -> None:
        what = random.random()
        if what < 0.3:
            fee = int(10 ** random.uniform(12, 16.9))
            self.chain.call(pool.address, "setSwapFeePercentage(uint256)", fee)
        elif what < 0.6 and self._rates.get(pool.address):
            rate = int(10**18 * random.uniform(0.8, 1.5))
            self.chain.call(random.choice(self._rates[pool.address]), "set(uint256)", rate)
        else:
            tokens = self._tokens(pool.address)
            amounts = [int(10 ** random.uniform(10, 24)) for token in tokens if token != pool.address]
            self._join(pool.address, tokens, abi.pack("(uint256,uint256[],uint256)", 1, amounts, 0))

    def trade(self, pool: Pool, sold: int, bought: int, amount: int, exact_out: bool) -> tuple[int, int]:
        before, kept = self.chain.evm.snapshot(), list(self.chain.logs)
        step = (self._ids[pool.address], int(exact_out), pool.tokens[sold], pool.tokens[bought], amount, b"")
        order = (step, (ME, False, ME, False), 2**255 if exact_out else 0, 2**255)
        (found,) = self.chain.call(self.vault, SWAP, *order, returns="(uint256)")
        if not found:
            self.chain.evm.revert(before)
            self.chain.logs = kept
            raise RuntimeError("pays or asks for nothing")
        return (found, amount) if exact_out else (amount, found)


class BookBench(StandinBench):
    """Liquidity Book pairs; the volatility makes a fee that rises with the bins crossed."""

    def __init__(self, limited: bool) -> None:
        super().__init__()
        self.factory = self.chain.deploy(standins("book")["LBFactory"], abi.pack("(bool)", limited))
        self.deployment = Deployment("book", LIQUIDITY_BOOK, self.factory)
        self._deposits: dict[str, list[int]] = {}

    def create(self, random: Random) -> None:
        a, b = random.sample(self.chain.tokens, 2)
        step, active = random.choice([1, 5, 10, 20, 100]), 2**23 + random.randrange(-300, 300)
        order = "createLBPair(address,address,uint24,uint16)"
        try:
            (pair,) = self.chain.call(self.factory, order, a, b, active, step, returns="(address)")
        except RuntimeError:  # there is one
            self.create(random)
            return
        self._deposits[pair] = []
        if random.random() < 0.95:
            for offset in [0, *random.sample(range(-90, 90), random.choice([3, 20, 60]))]:
                self._provide(random, pair, a, b, active + offset, active)

    def _provide(self, random: Random, pair: str, x: str, y: str, number: int, active: int) -> None:
        unit = 10**18
        parts = (0 if number < active else unit, 0 if number > active else unit)
        for token, part in zip((x, y), parts, strict=True):
            if part:
                amount = int(10 ** random.uniform(15, 24))
                self.chain.call(token, "transfer(address,uint256)", pair, amount)
        config = (parts[0] << 88 | parts[1] << 24 | number).to_bytes(32)
        self.chain.call(pair, "mint(address,bytes32[],address)", ME, [config], ME)
        self._deposits[pair].append(number)

    def change(self, random: Random, pool: Pool) -> None:
        pair, what = pool.address, random.randrange(4)
        if what < 2:
            active = self.view(pair, "getActiveId()")
            self._provide(random, pair, *pool.tokens, active + random.randrange(-100, 100), active)
        elif what == 2 and self._deposits[pair]:
            number = random.choice(self._deposits[pair])
            held = self.view(pair, "balanceOf(address,uint256)", ME, number)
            order = "burn(address,address,uint256[],uint256[])"
            self.chain.call(pair, order, ME, ME, [number], [held // random.choice([1, 2])])
        else:
            rules = (random.choice([0, 5000, 8000]), 30, 600, 5000, random.choice([0, 40_000]), 1000, 300_000)
            setting = "setStaticFeeParameters(uint16,uint16,uint16,uint16,uint24,uint16,uint24)"
            self.chain.call(pair, setting, *rules)

    def trade(self, pool: Pool, sold: int, bought: int, amount: int, exact_out: bool) -> tuple[int, int]:
        shape = "(uint128,uint128,uint128)"

        def quote(spent: int) -> int:
            if spent >> 128:
                raise RuntimeError("more than the pair counts")
            before = self.chain.evm.snapshot()
            data = abi.call("getSwapOut(uint128,bool)", spent, sold == 0)
            try:
                left, out, _ = abi.unpack(shape, bytes(self.chain.evm.message_call(ME, pool.address, calldata=data)))
            finally:
                self.chain.evm.revert(before)
            if left:
                raise RuntimeError("filled in part")
            return int(out)

        paid = self.least(quote, amount) if exact_out else amount
        out = quote(paid)
        if not out:
            raise RuntimeError("it pays nothing")
        self.chain.call(pool.tokens[sold], "transfer(address,uint256)", pool.address, paid)
        self.chain.call(pool.address, "swap(bool,address)", sold == 0, ME)
        return paid, out


BENCHES: dict[str, Callable[[], Bench]] = {
    "uniswap_v2": lambda: V2Bench(3000),
    "pancakeswap_v2": lambda: V2Bench(2500),
    "uniswap_v3": TicksBench,
    "pancakeswap_v3": PancakeV3Bench,
    "uniswap_v4": V4Bench,
    "slipstream": SlipstreamBench,
    "algebra": AlgebraBench,
    AERODROME: lambda: SolidlyBench(AERODROME),
    VELODROME: lambda: SolidlyBench(VELODROME),
    CAMELOT: lambda: SolidlyBench(CAMELOT),
    CURVE_NG: StableSwapBench,
    CURVE_NG_META: MetaBench,
    CURVE_LEGACY: LegacyBench,
    CURVE_LEGACY_META: LegacyMetaBench,
    TWOCRYPTO: lambda: CryptoBench(2),
    TRICRYPTO: lambda: CryptoBench(3),
    "curve_tricrypto_ng_ether": lambda: CryptoBench(3, plain=True),
    BALANCER_V2: BalancerV2Bench,
    "liquidity_book_2_1": lambda: BookBench(False),
    "liquidity_book_2_2": lambda: BookBench(True),
}


@pytest.fixture(params=BENCHES)
def bench(request: pytest.FixtureRequest) -> Bench:
    """A new chain with the exchange, for each test."""
    return BENCHES[request.param]()


@pytest.fixture
def make_bench() -> Callable[[str], Bench]:
    return lambda name: BENCHES[name]()
