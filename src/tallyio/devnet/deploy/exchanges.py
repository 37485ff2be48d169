"""The published contracts of Uniswap v2 and v3, PancakeSwap v2 at production's fee, and well-known singletons."""

import re

import msgspec

from tallyio.core.errors import BugError
from tallyio.core.pools import V2, V3
from tallyio.core.units import Address
from tallyio.devnet import abi, solidity
from tallyio.devnet.artifacts import Artifact, from_package, from_source
from tallyio.devnet.deploy import pancake
from tallyio.devnet.deploy.catalog import CAKE, UNI2, UNI3
from tallyio.devnet.deploy.pancake import pancake_contracts
from tallyio.devnet.deploy.session import Session
from tallyio.devnet.packages import package
from tallyio.devnet.world import Factory, PositionContracts

MULTICALL3 = Address("0xca11bde05977b3631167028862be2a173976ca11")
PERMIT2 = Address("0x000000000022d473030f116ddee9f6b43ac78ba3")
_PERIPHERY = "artifacts/contracts/"


class Exchanges(msgspec.Struct, frozen=True):
    factories: tuple[Factory, ...]
    v3: PositionContracts
    init_code: dict[str, bytes]
    """Hash of each venue's pool creation code, for CREATE2 addresses."""


def _v3(name: str) -> Artifact:
    return from_package("uniswap-v3-periphery", f"{_PERIPHERY}{name}.sol/{name.rpartition('/')[2]}.json")


def router_for(init_code_hash: bytes, fee_numerator: int, fee_denominator: int) -> Artifact:
    """Uniswap's published v2 router, built for another factory: its pair code's hash and its fee.

    Every fork of Uniswap v2 made its router in this way.
    """
    folder = package("uniswap-v2-periphery") / "contracts"
    core, lib = package("uniswap-v2-core"), package("uniswap-lib")
    name = "v2-periphery/UniswapV2Router02.sol"
    sources = solidity.gather(
        {name: folder / "UniswapV2Router02.sol"},
        {"@uniswap/v2-core/": core, "@uniswap/lib/": lib},
    )
    library = "v2-periphery/libraries/UniswapV2Library.sol"
    for found, wanted in (
        (r"hex'[0-9a-f]{64}'", f"hex'{init_code_hash.hex()}'"),
        (r"\b997\b", str(fee_numerator)),
        (r"\b1000\b", str(fee_denominator)),
    ):
        sources[library], changes = re.subn(found, wanted, sources[library])
        if not changes:
            raise BugError(f"{library} has no {found}, expected the published source of Uniswap's v2 periphery")
    return from_source("0.6.6", solidity.standard_input(sources, runs=999_999))["UniswapV2Router02"]


def deploy_exchanges(session: Session, weth: Address) -> Exchanges:
    owner = abi.pack("(address)", session.deployer.address)
    pair = from_package("uniswap-v2-core", "build/UniswapV2Pair.json")
    cake_code = pancake_contracts()
    v3_pool = from_package("uniswap-v3-core", "artifacts/contracts/UniswapV3Pool.sol/UniswapV3Pool.json")
    factory2 = session.create(from_package("uniswap-v2-core", "build/UniswapV2Factory.json"), owner)
    cake = session.create(cake_code["PancakeFactory"], owner)
    router2 = session.create(
        from_package("uniswap-v2-periphery", "build/UniswapV2Router02.json"),
        abi.pack("(address,address)", factory2, weth),
    )
    cake_router = session.create(pancake_router(), abi.pack("(address,address)", cake, weth))
    factory3 = session.create(
        from_package("uniswap-v3-core", "artifacts/contracts/UniswapV3Factory.sol/UniswapV3Factory.json")
    )
    session.send(session.deployer, factory3, abi.call("enableFeeAmount(uint24,int24)", 100, 1), "enable the 0.01 % fee")
    v3 = _deploy_periphery(session, weth, factory2, factory3)
    return Exchanges(
        (
            Factory(UNI2, V2, factory2, 3000, (router2, v3.router02)),
            Factory(CAKE, V2, cake, pancake.FEE * 1_000_000 // pancake.SCALE, (cake_router,), pancake.ODD),
            Factory(UNI3, V3, factory3, 0, (v3.router, v3.router02)),
        ),
        v3,
        {UNI2: pair.init_code_hash, CAKE: cake_code["PancakePair"].init_code_hash, UNI3: v3_pool.init_code_hash},
    )


def _deploy_periphery(session: Session, weth: Address, factory2: Address, factory3: Address) -> PositionContracts:
    art = session.create(_v3("libraries/NFTDescriptor"))
    descriptor = session.create(
        _v3("NonfungibleTokenPositionDescriptor"),
        abi.pack("(address,bytes32)", weth, b"ETH".ljust(32, b"\0")),
        {"NFTDescriptor": art},
    )
    both = abi.pack("(address,address)", factory3, weth)
    manager = session.create(
        _v3("NonfungiblePositionManager"), abi.pack("(address,address,address)", factory3, weth, descriptor)
    )
    router = session.create(_v3("SwapRouter"), both)
    quoter = session.create(_v3("lens/QuoterV2"), both)
    lens = session.create(_v3("lens/TickLens"))
    router02 = session.create(
        from_package("uniswap-router02", _PERIPHERY + "SwapRouter02.sol/SwapRouter02.json"),
        abi.pack("(address,address,address,address)", factory2, factory3, manager, weth),
    )
    return PositionContracts(manager, quoter, lens, router, router02)


def pancake_router() -> Artifact:
    """A router with Uniswap v2's interface for PancakeSwap's factory and its fee; its package has none."""
    pair = pancake_contracts()["PancakePair"]
    return router_for(pair.init_code_hash, pancake.SCALE - pancake.FEE, pancake.SCALE)


def multicall3() -> Artifact:
    name = "Multicall3.sol"
    folder = package("chainlink") / "src/v0.8/vendor/multicall/ebd8b64/src"
    sources = solidity.gather({name: folder / name})
    compiled = from_source("0.8.30", solidity.standard_input(sources, runs=10_000_000, evm_version="paris"))
    return compiled["Multicall3"]


def place_singletons(session: Session) -> None:
    """Multicall3 and Permit2 at the addresses that they have on every public chain."""
    session.set_code(MULTICALL3, multicall3().runtime)
    helper = (package("permit2") / "lib/permit2/test/utils/DeployPermit2.sol").read_text()
    runtime = re.search(r'hex"([0-9a-f]+)"', helper)
    if runtime is None:
        raise BugError("the package with Permit2 has no runtime code in DeployPermit2.sol, expected a hex literal")
    session.set_code(PERMIT2, runtime[1])
