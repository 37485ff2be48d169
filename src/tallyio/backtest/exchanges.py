"""The exchanges whose pools a replay knows, chain by chain: data, in ``config/exchanges/<chain id>.toml``."""

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from tallyio.backtest.factories import Factory
from tallyio.config.loader import load
from tallyio.config.settings import AddressField, DexSettings, Positive, RouterSettings, Section
from tallyio.core.errors import OperatorError
from tallyio.core.units import Address
from tallyio.protocols.dex.deployments import Deployment, Router, RouterKind
from tallyio.protocols.dex.registry import DexRegistry

Hash = Annotated[str, Meta(pattern="^0x[0-9a-f]{64}$", description="a hash: 0x and 64 hex digits")]


class ExchangeSettings(DexSettings, frozen=True, kw_only=True):
    """One exchange. ``init_code_hash`` is of the code that creates its pools, ``deployer`` who runs it if not the
    factory, ``source`` where these facts are from."""

    init_code_hash: Hash | None = None
    deployer: AddressField | None = None
    source: str = ""


class ExchangesFile(Section, frozen=True, kw_only=True):
    """``<chain id>.toml``."""

    chain_id: Positive
    weth: AddressField
    exchanges: tuple[ExchangeSettings, ...]
    routers: tuple[RouterSettings, ...] = ()


class Exchanges(msgspec.Struct, frozen=True):
    """One chain's."""

    chain_id: int
    weth: Address
    factories: tuple[Factory, ...]
    routers: tuple[Router, ...] = ()

    def registry(self) -> DexRegistry:
        return DexRegistry([each.deployment for each in self.factories], self.routers)


def read_exchanges(path: Path) -> Exchanges:
    """Raises ``ConfigError`` naming file and key."""
    found = load(path, ExchangesFile)
    return Exchanges(
        found.chain_id,
        found.weth,
        tuple(
            Factory(
                Deployment(each.name, each.family, each.factory, each.fee_pips if each.family == "uniswap_v2" else 0),
                bytes.fromhex((each.init_code_hash or "0x")[2:]),
                each.deployer,
            )
            for each in found.exchanges
        ),
        tuple(Router(each.address, RouterKind(each.kind), each.v2, each.v3) for each in found.routers),
    )


@cache
def exchanges_of(chain_id: int) -> Exchanges:
    """Those that come with TallyIO. Raises ``OperatorError`` for a chain of which none are known."""
    folder = Path(str(files("tallyio.config") / "exchanges"))
    path = folder / f"{chain_id}.toml"
    if not path.is_file():
        known = ", ".join(sorted((each.stem for each in folder.glob("*.toml")), key=int))
        raise OperatorError(
            f"no exchanges of chain {chain_id} are known, expected a block of one of {known}",
            todo="Name them in a file of your own: --exchanges FILE.toml",
        )
    return read_exchanges(path)
