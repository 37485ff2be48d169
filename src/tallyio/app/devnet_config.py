"""A configuration directory for a devnet: the same files an operator writes for a public chain."""

import os
import secrets
from pathlib import Path

from tallyio.core.pools import V2
from tallyio.core.units import Address
from tallyio.devnet.world import World, announcing

TOML = """chain = "devnet"
mode = "live"
data_dir = "data"
max_hops = {max_hops}
plan_ms = {plan_ms}
strategies = [{strategies}]
verify_every_blocks = {verify_every_blocks}

[wallet]
keystore = "wallet/keystore.json"
password_file = "wallet/password"
"""

CHAIN = """chain_id = {chain_id}
http_url = "{http_url}"
ws_url = "{ws_url}"
start_block = {start_block}
block_seconds = {block_seconds}
weth = "{weth}"
multicall3 = "{multicall3}"
local = true
tokens = [{tokens}]

[[relays]]
name = "builder"
url = "{builder_url}"
"""

DEX = """
[[dexes]]
name = "{name}"
family = "{family}"
factory = "{factory}"
"""

ROUTER = """
[[routers]]
address = "{address}"
kind = "{kind}"
"""

LENDING = """
[[lending]]
name = "aave_v3"
family = "aave_v3"
provider = "{provider}"
"""

MIN_PROFIT_WEI = 10**15


def write_directory(
    out: Path,
    world: World,
    *,
    http_url: str,
    ws_url: str,
    builder_url: str,
    block_seconds: int,
    interval_ms: int,
    bid_bps: int = 1000,
    max_hops: int = 3,
    strategies: tuple[str, ...] = ("arbitrage", "liquidation", "backrun"),
    verify_every_blocks: int = 25,
) -> None:
    """Write ``tallyio.toml``, ``chains/devnet.toml``, ``strategies/*.toml`` and ``risk/limits.toml`` into ``out``."""
    files = {
        "tallyio.toml": TOML.format(
            strategies=", ".join(f'"{name}"' for name in strategies),
            verify_every_blocks=verify_every_blocks,
            max_hops=max_hops,
            plan_ms=interval_ms * 7 // 10,
        ),
        "chains/devnet.toml": _chain(world, http_url, ws_url, builder_url, block_seconds),
        **{f"strategies/{name}.toml": f"min_profit_wei = {MIN_PROFIT_WEI}\n" for name in strategies},
        "risk/limits.toml": f"min_profit_wei = {MIN_PROFIT_WEI}\nbid_share_bps = {bid_bps}\n",
    }
    for name, text in files.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _chain(world: World, http_url: str, ws_url: str, builder_url: str, block_seconds: int) -> str:
    text = CHAIN.format(
        chain_id=world.chain_id,
        http_url=http_url,
        ws_url=ws_url,
        builder_url=builder_url,
        start_block=world.start_block,
        block_seconds=block_seconds,
        weth=world.weth,
        multicall3=world.multicall3,
        tokens=", ".join(f'"{t.address}"' for t in world.tokens.values() if t.address != world.weth),
    )
    routers = ""
    for factory in world.factories:
        text += DEX.format(name=factory.name, family=factory.family, factory=factory.address)
        if factory.family == V2:
            text += f"fee_pips = {factory.fee_pips}\n"
        for router in factory.routers:
            routers += _router(world, router, factory.name, factory.family)
    for venue in announcing(world.venues):
        text += DEX.format(name=venue.name, family=venue.family, factory=venue.factory)
    text += routers + LENDING.format(provider=world.aave.addresses_provider)
    untradable = {t.address: "takes a fee on transfer" for t in world.tokens.values() if t.transfer_fee_bps}
    if untradable:
        text += "\n[untradable_tokens]\n" + "".join(f'{token} = "{why}"\n' for token, why in untradable.items())
    return text


def _router(world: World, router: str, exchange: str, family: str) -> str:
    if router == world.v3.router02:
        v2 = next(f.name for f in world.factories if f.family == V2)
        kind = "uniswap_swap_router02"
        names = f'v2 = "{v2}"\nv3 = "{exchange}"\n' if family != V2 else ""
        return ROUTER.format(address=router, kind=kind) + names if names else ""
    if family == V2:
        return ROUTER.format(address=router, kind="uniswap_v2_router02") + f'v2 = "{exchange}"\n'
    return ROUTER.format(address=router, kind="uniswap_v3_swap_router") + f'v3 = "{exchange}"\n'


def give_key(directory: Path, key: bytes) -> Address:
    """Encrypt a devnet key into the directory's wallet, with a password of its own beside it."""
    from tallyio.wallet import keystore

    folder = directory / "wallet"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    password = secrets.token_urlsafe(24)
    with os.fdopen(os.open(folder / "password", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(password + "\n")
    path = folder / "keystore.json"
    path.unlink(missing_ok=True)
    return keystore.store(path, key, password, work=keystore.LIGHT_WORK)
