"""The README's words that can be checked: its configuration directory loads, its commands exist."""

import re
from pathlib import Path

from tallyio.cli.main import COMMANDS
from tallyio.config.directory import ConfigDirectory
from tallyio.risk.limits import Limits
from tallyio.strategies.arbitrage import ArbitrageSettings
from tallyio.strategies.liquidation import LiquidationSettings

README = Path(__file__).parents[3] / "README.md"
BLOCK = re.compile(r"^(`[^\n]*\.toml`[^\n]*)\n\n```toml\n(.*?)```", re.MULTILINE | re.DOTALL)


def test_the_configuration_directory_of_the_readme_loads(tmp_path: Path) -> None:
    blocks = BLOCK.findall(README.read_text())
    for names, text in blocks:
        for name in re.findall(r"`([^`]+)`", names):
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    directory = ConfigDirectory.open(tmp_path)
    assert directory.settings.mode == "shadow"
    assert directory.chain.chain_id == 1
    assert directory.strategy("arbitrage", ArbitrageSettings).min_profit_wei == 10**15
    assert directory.strategy("backrun", ArbitrageSettings).min_profit_wei == 10**15
    assert directory.strategy("liquidation", LiquidationSettings).min_profit_wei == 10**15
    assert directory.limits(Limits).breaker.consecutive_failures == 5
    assert len(blocks) == 4


def test_every_command_of_the_readme_exists() -> None:
    known = {words for words, *_ in COMMANDS}
    called = re.findall(r"\.venv/bin/tallyio ([a-z]+(?: [a-z]+)?)", README.read_text())
    assert called
    for words in called:
        assert words in known or words.split()[0] in known, words
