"""An executor that is not there, is somebody else's, or is another program."""

from pathlib import Path

import pytest

from tallyio.execution.deploy import creation_data

RETURN_ZERO_CODE = bytes.fromhex("6001600081600b8239f300")
"""Creation code that leaves a contract of one byte (STOP)."""


def test_no_executor(tallyio, config) -> None:
    tallyio("run", "--config", config, "--headless").refused(2, "no executor contract is known", "tallyio deploy")


def test_an_executor_of_another_owner(quick, config, ground) -> None:
    other = ground.deploy("searcher", 6, creation_data(ground.world.weth)).lower()
    config.know_executor(other)
    stranger = ground.world.searchers[6].address
    for words in (["run", "--headless"], ["withdraw", "--live"]):
        quick(*words, "--config", config).refused(2, other, f"belongs to {stranger}", ground.owner, "Use its owner's")


def test_an_executor_for_another_weth(quick, config, ground) -> None:
    other = ground.deploy("searcher", 5, creation_data(ground.world.multicall3)).lower()
    config.know_executor(other)
    quick("run", "--config", config, "--headless").refused(2, other, ground.world.weth, "Correct weth")


@pytest.mark.parametrize("what", ["nothing", "an account", "another contract", "one byte"])
def test_other_code_at_the_executors_address(quick, config, ground, what: str) -> None:
    address = {
        "nothing": "0x" + "77" * 20,
        "an account": ground.owner,
        "another contract": ground.world.weth,
        "one byte": "",
    }[what] or ground.deploy("searcher", 6, RETURN_ZERO_CODE).lower()
    config.know_executor(address)
    quick("run", "--config", config, "--headless").refused(2, address, "executor", "tallyio deploy")


def test_an_executor_of_another_chain(quick, config) -> None:
    config.know_executor(chain_id=1)
    quick("run", "--config", config, "--headless").refused(
        2, "executor.json", "chain id 1,", "31337", "data folder of its own"
    )


@pytest.mark.parametrize("content", ["", "{", '{"chain_id": "x"}', "[]", '{"chain_id": 31337}'])
def test_a_damaged_record_of_the_executor(quick, config, content: str) -> None:
    (Path(config) / "data").mkdir()
    (Path(config) / "data/executor.json").write_text(content)
    quick("run", "--config", config, "--headless").refused(2, "executor.json: cannot be read", "tallyio deploy")


def test_live_is_asked_for_twice(quick, ready) -> None:
    ready.replace("tallyio.toml", 'mode = "live"', 'mode = "shadow"')
    for words in (["run", "--live", "--headless"], ["deploy", "--live"], ["withdraw", "--live"]):
        quick(*words, "--config", ready).refused(4, "tallyio.toml", "mode is 'shadow'", "--live")
