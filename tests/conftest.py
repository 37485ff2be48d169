"""Fixtures that every test may use: a bare chain, and the devnet's world in three degrees of independence."""

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import pytest

from tallyio.devnet.anvil import Anvil
from tallyio.devnet.cache import start_world
from tallyio.devnet.world import World

WORLD_SEED = 7


class WorldChain(msgspec.Struct, frozen=True):
    """A node with the devnet's world on it."""

    anvil: Anvil
    world: World

    @property
    def rpc_url(self) -> str:
        return self.anvil.rpc_url

    @property
    def ws_url(self) -> str:
        return self.anvil.ws_url


@contextmanager
def _unchanged(anvil: Anvil) -> Iterator[None]:
    snapshot = anvil.rpc.call("evm_snapshot")
    try:
        yield
    finally:
        anvil.revert(snapshot)


@contextmanager
def _running_world() -> Iterator[WorldChain]:
    anvil, world = start_world(seed=WORLD_SEED)
    try:
        yield WorldChain(anvil, world)
    finally:
        anvil.stop()


@pytest.fixture(scope="session")
def bare_anvil() -> Iterator[Anvil]:
    with Anvil() as anvil:
        yield anvil


@pytest.fixture
def anvil_url(bare_anvil: Anvil) -> Iterator[str]:
    """The RPC address of a bare chain that mines only when told to; put back as it was after each test."""
    with _unchanged(bare_anvil):
        yield bare_anvil.rpc_url


@pytest.fixture(scope="session")
def world_chain() -> Iterator[WorldChain]:
    """The world, shared by the whole session: for reading only."""
    with _running_world() as chain:
        yield chain


@pytest.fixture
def scratch_chain(world_chain: WorldChain) -> Iterator[WorldChain]:
    """The shared world, put back as it was after the test: send and mine as you like."""
    with _unchanged(world_chain.anvil):
        yield world_chain


@pytest.fixture
def own_chain() -> Iterator[WorldChain]:
    """A node of the test's own with the world on it (half a second): for reorgs, restarts and WebSockets."""
    with _running_world() as chain:
        yield chain
