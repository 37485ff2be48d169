"""What can be set for the machine and for one chain. Strategies and risk keep their own settings beside their code.

A configuration directory holds::

    tallyio.toml            chain, mode, data folder, wallet, metrics, hot path -> Settings
    chains/<chain>.toml     endpoints, contracts, relays, exchanges, lending    -> ChainSettings
    strategies/<name>.toml  one file a strategy                                 -> tallyio.strategies
    risk/limits.toml        budgets, limits, breaker                            -> tallyio.risk
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tallyio.core.units import Address

AddressField = Annotated[Address, Meta(pattern="^0x[0-9a-f]{40}$", description="an address: 0x and 40 hex digits")]
HttpUrl = Annotated[str, Meta(pattern="^https?://[^/]", description="a URL that begins with http:// or https://")]
WebSocketUrl = Annotated[str, Meta(pattern="^wss?://[^/]", description="a URL that begins with ws:// or wss://")]
Name = Annotated[str, Meta(pattern="^[a-z0-9_-]+$", description="a name of a-z, 0-9, _ and -")]
ProcessorFeature = Annotated[str, Meta(pattern="^[a-z0-9_.]+$", description="a processor feature, such as avx2")]
Positive = Annotated[int, Meta(ge=1)]
NonNegative = Annotated[int, Meta(ge=0)]
Port = Annotated[int, Meta(ge=0, le=65535)]


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every settings record: immutable, keys spelled out, unknown keys refused."""


class WalletSettings(Section, frozen=True, kw_only=True):
    """Where the encrypted key lies and where its password comes from: a file, or an environment variable."""

    keystore: str
    password_file: str | None = None
    password_env: str = "TALLYIO_PASSWORD"  # noqa: S105 - the name of a variable


class MetricsSettings(Section, frozen=True, kw_only=True):
    port: Port = 0
    """0 takes a free port and prints it."""


class CycleSettings(Section, frozen=True, kw_only=True):
    """Which cycles are searched, of those of ``max_hops`` at most. What is left out is counted."""

    base_tokens: tuple[AddressField, ...] = ()
    """Only cycles that touch one of them; none: all."""
    min_liquidity_wei: NonNegative = 0
    """A pool takes part from this much on, measured in wrapped ether, and no more below half of it; 0: every pool."""
    max_cycles: Annotated[int, Meta(ge=1, le=2**28)] = 1_000_000
    """In all, a cycle and its reverse counted once."""
    max_cycles_per_pool: Annotated[int, Meta(ge=1, le=2**28)] = 50_000


class HotPathSettings(Section, frozen=True, kw_only=True):
    """The searcher's processor and shared memory; ``tallyio doctor`` says what this machine makes of them."""

    pin: bool = False
    """Whether the searcher's loop is bound to one processor; its helper threads get the others."""
    core: Annotated[int, Meta(ge=-1)] = -1
    """That processor's number; -1 takes the one that suits best."""
    features: tuple[ProcessorFeature, ...] = ()
    """What the processor must have (as in /proc/cpuinfo), beyond what the kernels need in any case."""
    insist: bool = False
    """Refuse to start where ``features`` or the core are not to be had; otherwise that is said and done without."""
    shared_pools: Annotated[int, Meta(ge=0, le=67_108_864)] = 16_384
    """Pools whose states have room in shared memory, 332 bytes each, reserved at start; twice the room is taken when
    there are more. 0 shares nothing, and ``tallyio prices`` has nothing to read."""
    huge_pages: bool = False
    """Ask the system for huge pages for it."""


class Settings(Section, frozen=True, kw_only=True):
    """``tallyio.toml``. Paths are relative to the directory that holds it."""

    chain: Name
    wallet: WalletSettings
    mode: Literal["shadow", "live"] = "shadow"
    data_dir: str = "data"
    strategies: tuple[Name, ...] = ("arbitrage", "liquidation", "backrun")
    max_hops: Annotated[int, Meta(ge=2, le=4)] = 3
    """The longest cycle that is searched."""
    long_hops: Annotated[int, Meta(ge=0, le=16)] = 8
    """The longest cycle that is looked for beside the search, once a block, through any tokens; up to ``max_hops``
    none is."""
    cycles: CycleSettings = CycleSettings()
    plan_ms: Positive = 700
    """How long one slot may be planned, in milliseconds; the best trades come first."""
    joint_ms: NonNegative = 250
    """How long, in milliseconds of ``plan_ms``, the cycles of a block may be planned together over the pools that they
    share; where that takes longer or gains nothing, one best follows another. 0: never."""
    alternatives: NonNegative = 4
    """How many trades of a plan are also sent alone, for the case that a rival breaks the plan."""
    verify_every_blocks: NonNegative = 25
    """How often every mirrored pool and position is compared with the chain; 0 never."""
    metrics: MetricsSettings = MetricsSettings()
    hot_path: HotPathSettings = HotPathSettings()


class RelaySettings(Section, frozen=True, kw_only=True):
    name: Name
    url: HttpUrl
    timeout_ms: Positive = 2000


class DexSettings(Section, frozen=True, kw_only=True):
    """One exchange: a factory of a known family. ``fee_pips`` is the fee of every pool of a v2 factory."""

    name: Name
    family: Literal[
        "uniswap_v2",
        "uniswap_v3",
        "pancakeswap_v3",
        "uniswap_v4",
        "balancer_v2",
        "balancer_v3",
        "wrapped_native",
        "erc4626",
        "wrapped_staked",
        "aerodrome",
        "velodrome",
        "camelot",
        "slipstream",
        "algebra",
        "curve_stableswap_ng",
        "curve_stableswap_ng_meta",
        "curve_stableswap_legacy",
        "curve_stableswap_legacy_meta",
        "curve_pool",
        "curve_twocrypto_ng",
        "curve_tricrypto_ng",
        "liquidity_book",
        "balancer_v3_buffer",
    ]
    factory: AddressField
    fee_pips: Annotated[int, Meta(ge=0, lt=1_000_000)] = 3000


class RouterSettings(Section, frozen=True, kw_only=True):
    """A contract whose pending calls are understood. ``v2`` and ``v3`` name the exchanges whose pools it uses."""

    address: AddressField
    kind: Literal["uniswap_v2_router02", "uniswap_v3_swap_router", "uniswap_swap_router02", "uniswap_universal_router"]
    v2: str = ""
    v3: str = ""


class LendingSettings(Section, frozen=True, kw_only=True):
    name: Name
    family: Literal["aave_v3"]
    provider: AddressField
    """The market's PoolAddressesProvider; everything else is found through it."""


class LenderSettings(Section, frozen=True, kw_only=True):
    """Who lends within a transaction and is neither an exchange in ``dexes`` nor a market in ``lending``."""

    source: Literal["balancer_v2", "balancer_v3", "uniswap_v4", "morpho", "dydx_solo"]
    address: AddressField


class ChainSettings(Section, frozen=True, kw_only=True):
    """``chains/<name>.toml``: one chain, its endpoints and the contracts that live there."""

    chain_id: Positive
    http_url: HttpUrl
    ws_url: WebSocketUrl
    start_block: NonNegative
    """First block whose logs matter: the deployment of the oldest factory."""
    block_seconds: Positive
    weth: AddressField
    multicall3: AddressField
    executor: AddressField | None = None
    """Left out until ``tallyio deploy`` has recorded one in the data folder."""
    relays: tuple[RelaySettings, ...]
    dexes: tuple[DexSettings, ...]
    routers: tuple[RouterSettings, ...] = ()
    lending: tuple[LendingSettings, ...] = ()
    lenders: tuple[LenderSettings, ...] = ()
    tokens: tuple[AddressField, ...] = ()
    """Tokens that the ledger follows besides ether and WETH."""
    untradable_tokens: dict[AddressField, str] = {}
    """Token -> why no route may touch it (for example: takes a fee on transfer)."""
    priority_fee_wei: NonNegative = 0
    local: bool = False
    """A devnet: its chain id is not a public one."""
