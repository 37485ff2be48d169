import json
import subprocess
import sys
from pathlib import Path

import pytest

from tallyio.cli.main import COMMANDS, run


def tallyio(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "tallyio", *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("words", [command[0] for command in COMMANDS])
def test_every_command_has_help_with_an_example(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*words.split(), "--help"]) == 0
    shown = capsys.readouterr().out
    assert f"Example: tallyio {words}" in shown


def test_help_loads_no_heavy_module() -> None:
    code = (
        "import sys; from tallyio.cli.main import run; run(['--help']);"
        "heavy = {'numba', 'plotly', 'pyrevm', 'eth_account', 'aiohttp', 'web3', 'numpy'} & set(sys.modules);"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "arguments",
    [["nosuch"], ["devnet", "nosuch"], ["run"], ["demo", "--blocks", "many"], ["kill", "--nosuch", "1"]],
)
def test_wrong_usage_is_one_line_and_exit_code_2(arguments: list[str]) -> None:
    done = tallyio(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["run", "doctor", "deploy", "kill", "resume", "report"])
def test_a_missing_config_directory_is_named(command: str, tmp_path: Path) -> None:
    done = tallyio(command, "--config", str(tmp_path / "absent"))
    assert done.returncode == 2
    assert "no such directory" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_status_of_no_devnet_is_exit_code_3(tmp_path: Path) -> None:
    done = tallyio("devnet", "status", "--dir", str(tmp_path), "--json")
    assert done.returncode == 3
    assert json.loads(done.stdout)["running"] is False
