"""``tallyio prices``: what a running searcher knows of the pools, read from its shared memory."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tallyio.config.directory import ConfigDirectory
from tallyio.core.errors import OperatorError, OutOfReachError, RetryableError
from tallyio.core.pools import PairState, V2State
from tallyio.hot_path.shared.plan import segment_name
from tallyio.hot_path.shared.reader import Picture, PoolReading, SharedMarket
from tallyio.hot_path.state.monitor import price_of

LOOK_EVERY_S = 0.01


def prices(config: Path, pool: str = "") -> dict[str, Any]:
    """The pools as of the searcher's newest block, or the one at ``pool``.

    Raises ``OutOfReachError`` where no searcher of this directory publishes, ``OperatorError`` where it is of another
    version or does not know the pool.
    """
    name = _name(config)
    with _attached(name) as market:
        return _described(market.picture(), pool)


def watch(config: Path, pool: str = "") -> Iterator[dict[str, Any]]:
    """``prices`` now and after each of the searcher's blocks, until it ends."""
    name = _name(config)
    told = ""
    while True:
        with _attached(name) as market:
            seen = -1
            while market.writer_lives:
                if (sequence := market.sequence) != seen:
                    seen, picture = sequence, market.picture()
                    if picture.hash != told:
                        told = picture.hash
                        yield _described(picture, pool)
                time.sleep(LOOK_EVERY_S)


def _name(config: Path) -> str:
    directory = ConfigDirectory.open(config)
    if not directory.settings.hot_path.shared_pools:
        raise OperatorError(
            f"{config / 'tallyio.toml'}: hot_path.shared_pools is 0, so no state is shared", todo="Set it above 0"
        )
    return segment_name(directory.chain.chain_id, directory.data_dir)


def _attached(name: str) -> SharedMarket:
    try:
        market = SharedMarket.attach(name)
    except RetryableError as e:
        raise OutOfReachError(f"no searcher of this directory is running ({e.message})", todo="tallyio run") from e
    if not market.writer_lives:
        writer = market.writer
        market.close()
        raise OutOfReachError(f"no searcher of this directory is running: process {writer} is gone", todo="tallyio run")
    return market


def _described(picture: Picture, pool: str) -> dict[str, Any]:
    shown = [reading for reading in picture.pools if not pool or reading.pool.address == pool.lower()]
    if pool and not shown:
        raise OperatorError(
            f"the searcher knows no pool {pool} among its {len(picture.pools)}", todo="Correct the address"
        )
    return {
        "chain_id": picture.chain_id,
        "block": picture.number,
        "hash": picture.hash,
        "timestamp": picture.timestamp,
        "left_out": picture.refused,
        "pools": [_pool(picture, reading) for reading in shown],
    }


def _pool(picture: Picture, reading: PoolReading) -> dict[str, Any]:
    """Prices in smallest units, without the fee; ``rates`` are what a unit buys at the margin after it."""
    pool, state = reading.pool, reading.state
    price0 = price_of(state) if state else None
    return {
        "pool": pool.address,
        "protocol": pool.protocol,
        "family": pool.family,
        "token0": pool.token0,
        "token1": pool.token1,
        "fee_pips": pool.fee_pips,
        "state": _state(state),
        "token1_per_token0": price0,
        "token0_per_token1": 1 / price0 if price0 else None,
        "rates": reading.rates,
        "age_blocks": picture.number - reading.stamp if state else None,
    }


def _state(state: PairState | None) -> dict[str, int] | None:
    if state is None:
        return None
    if isinstance(state, V2State):
        return {"reserve0": state.reserve0, "reserve1": state.reserve1}
    return {"sqrt_price_x96": state.sqrt_price_x96, "tick": state.tick, "liquidity": state.liquidity}
