"""``[hot_path]``: where the searcher's threads run, and what doctor says of its memory."""

import asyncio
import os
from pathlib import Path

import pytest

from tallyio.app.hot_path import memory, placed, shared_market
from tallyio.config.directory import ConfigDirectory
from tallyio.config.settings import ChainSettings, HotPathSettings, Settings, WalletSettings
from tallyio.core.errors import OperatorError, RefusedError, RetryableError
from tallyio.core.units import ZERO_ADDRESS
from tallyio.hot_path.memory import folder
from tallyio.hot_path.shared.plan import segment_name
from tallyio.hot_path.shared.reader import SharedMarket


def directory(root: Path, settings: HotPathSettings) -> ConfigDirectory:
    chain = ChainSettings(
        chain_id=31337, http_url="http://127.0.0.1:1", ws_url="ws://127.0.0.1:1", start_block=0, block_seconds=12,
        weth=ZERO_ADDRESS, multicall3=ZERO_ADDRESS, relays=(), dexes=(),
    )  # fmt: skip
    return ConfigDirectory(
        root, Settings(chain="any", wallet=WalletSettings(keystore="none"), hot_path=settings), chain
    )


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one core has no others")
async def test_the_loop_has_its_core_and_the_helpers_the_others() -> None:
    before = os.sched_getaffinity(0)
    core = max(before)
    with placed(HotPathSettings(pin=True, core=core)):
        assert os.sched_getaffinity(0) == {core}
        helpers = await asyncio.to_thread(os.sched_getaffinity, 0)
        assert helpers
        assert core not in helpers
    assert os.sched_getaffinity(0) == before


async def test_without_pin_nothing_moves() -> None:
    before = os.sched_getaffinity(0)
    with placed(HotPathSettings()):
        assert os.sched_getaffinity(0) == before


@pytest.mark.parametrize("wanted", [{"core": 4000}, {"features": ("nosuch",), "pin": False}])
async def test_what_is_not_there_is_refused_only_where_the_settings_insist(wanted: dict[str, object]) -> None:
    before = os.sched_getaffinity(0)
    choice = {"pin": True, **wanted}
    with placed(HotPathSettings(**choice)):  # type: ignore[arg-type]
        assert os.sched_getaffinity(0) == before
    with pytest.raises(RefusedError, match="insist = false"), placed(HotPathSettings(**choice, insist=True)):  # type: ignore[arg-type]
        pass


def test_memory_is_reserved_for_as_long_as_it_is_used(tmp_path: Path) -> None:
    own = directory(tmp_path, HotPathSettings(shared_pools=100))
    name = segment_name(31337, own.data_dir)
    assert "100 pools" in memory(own)
    with shared_market(own) as writer:
        assert writer is not None
        assert (folder.FOLDER / name).stat().st_size >= writer.size
        assert "a searcher of this directory has them" in memory(own)
        with SharedMarket.attach(name) as market:
            assert market.writer == os.getpid()
    with pytest.raises(RetryableError, match="is absent"):
        SharedMarket.attach(name)


def test_nothing_is_shared_where_the_settings_say_so(tmp_path: Path) -> None:
    own = directory(tmp_path, HotPathSettings(shared_pools=0))
    with shared_market(own) as writer:
        assert writer is None
    assert "nothing is shared" in memory(own)


def test_memory_that_does_not_suffice_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "FOLDER", Path("/proc/none"))  # a file system without room
    with pytest.raises(OperatorError, match=r"0 of 0 bytes free in /proc.*hot_path\.shared_pools"):
        memory(directory(tmp_path, HotPathSettings()))
