"""Which events move a market's state, and what a log of one of its contracts says.

Scaled balances follow from the events to the wei. A token's Mint and Burn carry the balance change and the interest
since the holder's last action, ``value`` and ``balanceIncrease``, at ``index``; the holder's balance after it is
``balance(scaled, index) - balanceIncrease ± value``, and because an index never falls below one ray the map from
scaled amounts to balances is strictly increasing, so the scaled amount behind a balance is unique. BalanceTransfer
carries the scaled amount itself. Nothing has to be read from the chain for them.

Three things have no event and are read at the block instead (``reader``): a new asset's decimals and treasury, a
changed price source, and prices that move without ``AnswerUpdated``.
"""

from collections.abc import Mapping
from typing import Final

from tallyio.core.chain import Log
from tallyio.core.deltas import LendingChanged
from tallyio.core.lending import LendingState
from tallyio.core.units import Address
from tallyio.protocols.lending.aave_v3.abi import Event, decode, event

_TOKEN: Final = (
    "Mint(address indexed caller, address indexed onBehalfOf, uint256 value, uint256 balanceIncrease, uint256 index)",
    "Burn(address indexed from, address indexed target, uint256 value, uint256 balanceIncrease, uint256 index)",
    "BalanceTransfer(address indexed from, address indexed to, uint256 value, uint256 index)",
)
_POOL: Final = (
    (
        "Supply(address indexed reserve, address user, address indexed onBehalfOf, uint256 amount, "
        "uint16 indexed referralCode)"
    ),
    "Withdraw(address indexed reserve, address indexed user, address indexed to, uint256 amount)",
    (
        "Borrow(address indexed reserve, address user, address indexed onBehalfOf, uint256 amount, "
        "uint8 interestRateMode, uint256 borrowRate, uint16 indexed referralCode)"
    ),
    "Repay(address indexed reserve, address indexed user, address indexed repayer, uint256 amount, bool useATokens)",
    (
        "LiquidationCall(address indexed collateralAsset, address indexed debtAsset, address indexed user, "
        "uint256 debtToCover, uint256 liquidatedCollateralAmount, address liquidator, bool receiveAToken)"
    ),
    (
        "FlashLoan(address indexed target, address initiator, address indexed reserve, uint256 amount, "
        "uint8 interestRateMode, uint256 premium, uint16 indexed referralCode)"
    ),
    (
        "ReserveDataUpdated(address indexed reserve, uint256 liquidityRate, uint256 stableBorrowRate, "
        "uint256 variableBorrowRate, uint256 liquidityIndex, uint256 variableBorrowIndex)"
    ),
    "ReserveUsedAsCollateralEnabled(address indexed reserve, address indexed user)",
    "ReserveUsedAsCollateralDisabled(address indexed reserve, address indexed user)",
    "UserEModeSet(address indexed user, uint8 categoryId)",
    "IsolationModeTotalDebtUpdated(address indexed reserve, uint256 totalDebt)",
    "DeficitCreated(address indexed user, address indexed reserve, uint256 amountCreated)",
    "DeficitCovered(address indexed reserve, address caller, uint256 amountCovered)",
)
_CONFIGURATOR: Final = (
    (
        "ReserveInitialized(address indexed reserve, address indexed aToken, address stableDebtToken, "
        "address variableDebtToken, address interestRateStrategyAddress)"
    ),
    "ReserveDropped(address indexed reserve)",
    "ReserveBorrowing(address indexed reserve, bool enabled)",
    "ReserveFlashLoaning(address indexed reserve, bool enabled)",
    (
        "CollateralConfigurationChanged(address indexed reserve, uint256 ltv, uint256 liquidationThreshold, "
        "uint256 liquidationBonus)"
    ),
    "ReserveActive(address indexed reserve, bool active)",
    "ReserveFrozen(address indexed reserve, bool frozen)",
    "ReservePaused(address indexed reserve, bool paused)",
    "ReserveFactorChanged(address indexed reserve, uint256 oldReserveFactor, uint256 newReserveFactor)",
    "LiquidationProtocolFeeChanged(address indexed reserve, uint256 oldFee, uint256 newFee)",
    "LiquidationGracePeriodChanged(address indexed reserve, uint40 gracePeriodUntil)",
    "LiquidationGracePeriodDisabled(address indexed reserve)",
    "AssetCollateralInEModeChanged(address indexed reserve, uint8 categoryId, bool collateral)",
    "AssetBorrowableInEModeChanged(address indexed reserve, uint8 categoryId, bool borrowable)",
    "AssetLtvzeroInEModeChanged(address indexed reserve, uint8 categoryId, bool ltvzero)",
    (
        "EModeCategoryAdded(uint8 indexed categoryId, uint256 ltv, uint256 liquidationThreshold, "
        "uint256 liquidationBonus, address oracle, string label)"
    ),
    "ReserveInterestRateDataChanged(address indexed reserve, address indexed strategy, bytes data)",
    "DebtCeilingChanged(address indexed reserve, uint256 oldDebtCeiling, uint256 newDebtCeiling)",
    "FlashloanPremiumTotalUpdated(uint128 oldFlashloanPremiumTotal, uint128 newFlashloanPremiumTotal)",
)
_ORACLE: Final = (
    "AssetSourceUpdated(address indexed reserve, address indexed source)",
    "FallbackOracleUpdated(address indexed fallbackOracle)",
)
_PROVIDER: Final = (
    "PriceOracleUpdated(address indexed oldAddress, address indexed newAddress)",
    "PriceOracleSentinelUpdated(address indexed oldAddress, address indexed newAddress)",
    "PoolConfiguratorUpdated(address indexed oldAddress, address indexed newAddress)",
)
_AGGREGATOR: Final = ("AnswerUpdated(int256 indexed current, uint256 indexed roundId, uint256 updatedAt)",)


def _table(declarations: tuple[str, ...]) -> Mapping[str, Event]:
    return {shape.topic: shape for shape in map(event, declarations)}


POOL: Final = _table(_POOL)
CONFIGURATOR: Final = _table(_CONFIGURATOR)
ORACLE: Final = _table(_ORACLE)
PROVIDER: Final = _table(_PROVIDER)
TOKEN: Final = _table(_TOKEN)
AGGREGATOR: Final = _table(_AGGREGATOR)
SUPPLIED = "supplied"
BORROWED = "borrowed"

Directory = dict[Address, tuple[Mapping[str, Event], dict[str, int | str]]]
"""Contract → the events that matter there, and fields that its address implies (``reserve`` and ``side``)."""


def directory(state: LendingState) -> Directory:
    """The contracts whose logs move ``state``."""
    found: Directory = {
        state.market: (POOL, {}),
        state.provider: (PROVIDER, {}),
        state.configurator: (CONFIGURATOR, {}),
        state.oracle: (ORACLE, {}),
    }
    for feed in state.feeds.values():
        found[feed] = (AGGREGATOR, {"aggregator": feed})
    for reserve in state.reserves.values():
        found[reserve.a_token] = (TOKEN, {"reserve": reserve.asset, "side": SUPPLIED})
        found[reserve.debt_token] = (TOKEN, {"reserve": reserve.asset, "side": BORROWED})
    return found


def decode_log(log: Log, market: Address, contracts: Directory) -> LendingChanged | None:
    """What ``log`` changes in ``market``; ``None`` when it is nothing.

    Raises ``ChainDataError`` for a known event of another shape.
    """
    entry = contracts.get(log.address)
    if entry is None or not log.topics:
        return None
    events, implied = entry
    shape = events.get(log.topics[0])
    if shape is None:
        return None
    return LendingChanged(market, shape.name, {**decode(shape, log), **implied})
