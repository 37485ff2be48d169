"""Fixtures that every test may use: a bare chain and the devnet's world."""

from collections.abc import Iterator

import pytest

from tallyio.devnet.anvil import Anvil


@pytest.fixture(scope="session")
def bare_anvil() -> Iterator[Anvil]:
    with Anvil() as anvil:
        yield anvil


@pytest.fixture
def anvil_url(bare_anvil: Anvil) -> Iterator[str]:
    """The RPC address of a bare chain that mines only when told to; put back as it was after each test."""
    snapshot = bare_anvil.rpc.call("evm_snapshot")
    yield bare_anvil.rpc_url
    bare_anvil.rpc.call("anvil_dropAllTransactions")
    bare_anvil.rpc.call("evm_revert", snapshot)
