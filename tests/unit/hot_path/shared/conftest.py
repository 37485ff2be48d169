"""A folder for shared memory that is each test's own, and pools to publish there."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tallyio.core.chain import BlockRef
from tallyio.core.pools import V2, V3, Pool, PoolState, V2State, V3State
from tallyio.core.units import Address, Hash32


@pytest.fixture
def shm() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="tallyio-test-", dir="/dev/shm"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def block() -> Callable[[int], BlockRef]:
    def make(number: int) -> BlockRef:
        return BlockRef(number, Hash32(f"0x{number * 7919:064x}"), Hash32(f"0x{number:064x}"), 12 * number)

    return make


@pytest.fixture
def pool() -> Callable[[int], Pool]:
    """Even numbers are constant-product pools."""

    def make(number: int) -> Pool:
        addresses = (Address(f"0x{number + shift:040x}") for shift in (2**150, 1, 2**100))
        family, fee, spacing = (V3, 500, 10) if number % 2 else (V2, 3000, 0)
        here, token0, token1 = addresses
        return Pool(here, family, f"exchange-{number % 3}", (token0, token1), fee, spacing)

    return make


@pytest.fixture
def state() -> Callable[[int, int], PoolState]:
    """Of pool ``number`` in its ``version``."""

    def make(number: int, version: int) -> PoolState:
        if number % 2:
            return V3State(2**96 + version * 2**50, -version, 2**127 + version)
        return V2State(2**111 + version, 10**9 + version)

    return make
