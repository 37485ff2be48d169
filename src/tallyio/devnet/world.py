"""The devnet's world: where everything is on a chain that ``devnet.deploy`` has set up."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from tallyio.core.errors import ConfigError
from tallyio.core.pools import Pool
from tallyio.core.units import Address
from tallyio.devnet import accounts
from tallyio.devnet.accounts import Account

ROLES = ("deployer", "oracle", "trader", "provider", "supplier", "borrower", "newcomer", "searcher")


class Sizes(msgspec.Struct, frozen=True):
    """How much of everything a world holds. ``newcomers`` are funded keys that open a loan only later."""

    pools: int = 44
    borrowers: int = 64
    traders: int = 12
    providers: int = 4
    newcomers: int = 200
    searchers: int = 8


class Token(msgspec.Struct, frozen=True):
    """``transfer_fee_bps`` is burned on every transfer; ``silent`` tokens return nothing from a transfer."""

    symbol: str
    address: Address
    decimals: int
    price_e8: int
    transfer_fee_bps: int = 0
    silent: bool = False

    def amount(self, value_e8: int) -> int:
        """How many of its smallest units are worth ``value_e8`` (US dollars with 8 decimals) at the first price."""
        return value_e8 * int(10**self.decimals) // self.price_e8


class Factory(msgspec.Struct, frozen=True):
    """``fee_pips`` is 0 where each pool has its own. ``routers`` take orders for its pools.

    ``odd`` says how the contracts differ from those that their authors published, where they do.
    """

    name: str
    family: str
    address: Address
    fee_pips: int
    routers: tuple[Address, ...]
    odd: str = ""


class PositionContracts(msgspec.Struct, frozen=True):
    """Uniswap v3's periphery. ``router02`` (no deadline field) also reaches the v2 pools."""

    manager: Address
    quoter: Address
    tick_lens: Address
    router: Address
    router02: Address


class AaveMarket(msgspec.Struct, frozen=True):
    pool: Address
    addresses_provider: Address
    configurator: Address
    oracle: Address
    data_provider: Address
    flash_premium_bps: int
    reserves: tuple[str, ...]
    emode_category: int
    emode_tokens: tuple[str, ...]


class Feed(msgspec.Struct, frozen=True):
    """A price feed: Aave and readers use ``proxy``; ``aggregator`` behind it emits AnswerUpdated."""

    proxy: Address
    aggregator: Address


class BalancerPool(msgspec.Struct, frozen=True):
    """``pool_id`` is the vault's name of it; ``tokens`` in the vault's order hold a stable pool's own shares too."""

    address: Address
    pool_id: str
    tokens: tuple[Address, ...]


class BalancerVault(msgspec.Struct, frozen=True):
    """Balancer v2: everything is traded at, and lent by, the vault."""

    address: Address
    queries: Address
    factories: tuple[Address, ...]
    pools: tuple[BalancerPool, ...]


class VenuePool(msgspec.Struct, frozen=True):
    """``address`` is what tells it apart: its own, or its id. ``terms`` is what else its venue must be told of it.
    ``native``: wrapped ether among the tokens stands for ether."""

    address: Address
    tokens: tuple[Address, ...]
    terms: tuple[int, ...] = ()
    native: bool = False


class Venue(msgspec.Struct, frozen=True):
    """An exchange that is traded through the world's ``swapper``; ``router``: where that calls none of its pools."""

    name: str
    family: str
    factory: Address
    pools: tuple[VenuePool, ...]
    odd: str = ""
    router: Address = Address("")


class World(msgspec.Struct, frozen=True):
    """Logs from ``start_block`` on tell everything about the world. ``odd_pools`` says what is odd about a pool."""

    chain_id: int
    seed: int
    sizes: Sizes
    start_block: int
    end_block: int
    weth: Address
    multicall3: Address
    permit2: Address
    tokens: dict[str, Token]
    factories: tuple[Factory, ...]
    v3: PositionContracts
    aave: AaveMarket
    balancer: BalancerVault
    feeds: dict[str, Feed]
    pools: tuple[Pool, ...]
    venues: tuple[Venue, ...]
    swapper: Address
    odd_pools: dict[Address, str]

    def account(self, role: str, index: int = 0) -> Account:
        """An account of one of ``ROLES`` with its key."""
        if role not in ROLES:
            raise ValueError(f"expected one of {', '.join(ROLES)}, found {role}")
        return accounts.account(self.seed, role, index)

    @property
    def borrowers(self) -> tuple[Address, ...]:
        return tuple(self.account("borrower", i).address for i in range(self.sizes.borrowers))

    @property
    def searchers(self) -> tuple[Account, ...]:
        """Spare keys with ether and nothing else."""
        return tuple(self.account("searcher", i) for i in range(self.sizes.searchers))

    def factory(self, name: str) -> Factory:
        return next(f for f in self.factories if f.name == name)

    @property
    def venue_pools(self) -> int:
        """How many pools the venues are for a searcher; what stands by itself, such as a wrapper, is one."""
        return sum(max(len(venue.pools), 1) for venue in self.venues)

    def symbol(self, token: Address) -> str:
        return next(t.symbol for t in self.tokens.values() if t.address == token)


def announcing(venues: Iterable[Venue]) -> list[Venue]:
    """One venue of each factory, the first: its family knows the factory's other pools, too."""
    found: dict[Address, Venue] = {}
    for venue in venues:
        found.setdefault(venue.factory, venue)
    return list(found.values())


def save(world: World, file: Path) -> None:
    file.write_bytes(msgspec.json.format(msgspec.json.encode(world), indent=1))


def load(file: Path) -> World:
    """Raises ``ConfigError`` when the file is missing or is not a world."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=World)
    except (OSError, msgspec.DecodeError) as e:
        raise ConfigError(f"{file} is not a devnet's world: {e}", todo="Start one with: tallyio devnet up") from e
