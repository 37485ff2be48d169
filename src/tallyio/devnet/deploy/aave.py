"""Aave v3.6 from its published source: one market over the world's main tokens."""

from collections.abc import Mapping

from tallyio.core.units import ZERO_ADDRESS, Address
from tallyio.devnet import abi, solidity
from tallyio.devnet.artifacts import Artifact, from_source
from tallyio.devnet.deploy.catalog import (
    EMODE,
    EMODE_CATEGORY,
    ETHER_LIKE,
    FLASH_PREMIUM_BPS,
    RESERVES,
    STABLE,
    USD,
    ReservePlan,
)
from tallyio.devnet.deploy.session import Session
from tallyio.devnet.packages import package
from tallyio.devnet.world import AaveMarket, Feed, Token

_ROOTS = (
    "instances/PoolInstance", "instances/PoolConfiguratorInstance", "instances/ATokenInstance",
    "instances/VariableDebtTokenInstance", "misc/AaveOracle", "misc/DefaultReserveInterestRateStrategyV2",
    "protocol/configuration/PoolAddressesProvider", "protocol/configuration/ACLManager",
    "helpers/AaveProtocolDataProvider",
)  # fmt: skip
_LIBRARIES = "protocol/libraries/logic"
_LINKED = ("BorrowLogic", "LiquidationLogic", "PoolLogic", "SupplyLogic", "ConfiguratorLogic", "FlashLoanLogic")
TREASURY = Address("0x" + "7e" * 20)
RESERVE_FACTOR_BPS = 1000
PROTOCOL_FEE_BPS = 1000
LISTING_GAS = 30_000_000
_LIST = "initReserves((address,address,address,string,string,string,string,bytes,bytes)[])"


def aave_contracts() -> dict[str, Artifact]:
    """Every contract of the market, compiled. The optimiser settings are ours; the package names none."""
    source = package("aave") / "src/contracts"
    openzeppelin = package("openzeppelin")
    sources = solidity.gather(
        {f"src/contracts/{name}.sol": source / f"{name}.sol" for name in _ROOTS},
        {
            "openzeppelin-contracts/contracts/": openzeppelin,
            "@openzeppelin/contracts/": openzeppelin,
            "openzeppelin-contracts-upgradeable/contracts/": package("openzeppelin-upgradeable"),
            "solidity-utils/contracts/": package("aave-utils") / "src/contracts",
        },
    )
    wanted = [f"src/contracts/{name}.sol" for name in (*_ROOTS, *(f"{_LIBRARIES}/{n}" for n in _LINKED))]
    given = solidity.standard_input(sources, runs=200, evm_version="shanghai", wanted=wanted)
    return from_source("0.8.27", given)


def deploy_aave(session: Session, tokens: Mapping[str, Token], feeds: Mapping[str, Feed]) -> AaveMarket:
    """Queue and mine the market; it accepts supplies and loans afterwards."""
    code = aave_contracts()
    owner = session.deployer
    libraries: dict[str, Address] = {}
    for name in _LINKED:
        libraries[name] = session.create(code[name], libraries=libraries)
    provider = session.create(code["PoolAddressesProvider"], abi.pack("(string,address)", "devnet", owner.address))
    by_provider = abi.pack("(address)", provider)
    rates = session.create(code["DefaultReserveInterestRateStrategyV2"], by_provider)
    pool_code = session.create(code["PoolInstance"], abi.pack("(address,address)", provider, rates), libraries)
    configurator_code = session.create(code["PoolConfiguratorInstance"], libraries=libraries)
    session.send(owner, provider, abi.call("setACLAdmin(address)", owner.address), "set the admin")
    session.settle()
    roles = session.create(code["ACLManager"], by_provider)
    session.send(owner, provider, abi.call("setACLManager(address)", roles), "set the role manager")
    for role in ("addPoolAdmin", "addEmergencyAdmin", "addRiskAdmin", "addAssetListingAdmin"):
        session.send(owner, roles, abi.call(f"{role}(address)", owner.address), role)
    session.send(owner, provider, abi.call("setPoolImpl(address)", pool_code), "set the pool")
    session.send(
        owner, provider, abi.call("setPoolConfiguratorImpl(address)", configurator_code), "set the configurator"
    )
    session.settle()
    pool, configurator = (_address(session, provider, name) for name in ("getPool()", "getPoolConfigurator()"))
    data_provider = session.create(code["AaveProtocolDataProvider"], by_provider)
    session.send(owner, provider, abi.call("setPoolDataProvider(address)", data_provider), "set the data provider")
    listed = [tokens[reserve.symbol] for reserve in RESERVES]
    oracle = session.create(
        code["AaveOracle"],
        abi.pack(
            "(address,address[],address[],address,address,uint256)",
            provider, [t.address for t in listed], [feeds[t.symbol].proxy for t in listed],
            ZERO_ADDRESS, ZERO_ADDRESS, USD,
        ),
    )  # fmt: skip
    session.send(owner, provider, abi.call("setPriceOracle(address)", oracle), "set the oracle")
    a_token = session.create(
        code["ATokenInstance"], abi.pack("(address,address,address)", pool, ZERO_ADDRESS, TREASURY)
    )
    debt_token = session.create(code["VariableDebtTokenInstance"], abi.pack("(address,address)", pool, ZERO_ADDRESS))
    listing = [_listing(token, a_token, debt_token) for token in listed]
    session.send(owner, configurator, abi.call(_LIST, listing), "list the reserves", gas=LISTING_GAS)
    _configure(session, configurator, tokens)
    session.settle()
    return AaveMarket(
        pool, provider, configurator, oracle, data_provider, FLASH_PREMIUM_BPS,
        tuple(reserve.symbol for reserve in RESERVES), EMODE_CATEGORY, ETHER_LIKE,
    )  # fmt: skip


def _address(session: Session, provider: Address, getter: str) -> Address:
    (found,) = abi.unpack("(address)", session.call(provider, abi.call(getter)))
    return Address(found.lower())


def _listing(token: Token, a_token: Address, debt_token: Address) -> tuple[object, ...]:
    s = token.symbol
    slopes = (9000, 0, 400, 4000) if s in STABLE else (8000, 0, 300, 8000)
    rates = abi.pack("(uint16,uint32,uint32,uint32)", *slopes)
    return (a_token, debt_token, token.address, f"Aave {s}", f"a{s}", f"Aave debt {s}", f"d{s}", b"", rates)


def _configure(session: Session, configurator: Address, tokens: Mapping[str, Token]) -> None:
    def do(signature: str, *arguments: object) -> None:
        session.send(session.deployer, configurator, abi.call(signature, *arguments), signature)

    do("updateFlashloanPremium(uint128)", FLASH_PREMIUM_BPS)
    for reserve in RESERVES:
        token = tokens[reserve.symbol].address
        do("configureReserveAsCollateral(address,uint256,uint256,uint256)", token, *_ratios(reserve))
        do("setReserveBorrowing(address,bool)", token, True)
        do("setReserveFactor(address,uint256)", token, RESERVE_FACTOR_BPS)
        do("setReserveFlashLoaning(address,bool)", token, True)
        do("setLiquidationProtocolFee(address,uint256)", token, PROTOCOL_FEE_BPS)
    do("setEModeCategory(uint8,uint16,uint16,uint16,string)", EMODE_CATEGORY, *_ratios(EMODE), EMODE.symbol)
    for symbol in ETHER_LIKE:
        do("setAssetCollateralInEMode(address,uint8,bool)", tokens[symbol].address, EMODE_CATEGORY, True)
        do("setAssetBorrowableInEMode(address,uint8,bool)", tokens[symbol].address, EMODE_CATEGORY, True)


def _ratios(plan: ReservePlan) -> tuple[int, int, int]:
    return plan.ltv_bps, plan.threshold_bps, plan.bonus_bps
