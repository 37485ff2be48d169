from pathlib import Path

import pytest

from tallyio.config.directory import ConfigDirectory
from tallyio.config.loader import load
from tallyio.config.settings import ChainSettings, Settings
from tallyio.core.errors import ConfigError

SETTINGS = 'chain = "devnet"\n[wallet]\nkeystore = "key.json"\n'
CHAIN = """
chain_id = 31337
http_url = "http://127.0.0.1:8545"
ws_url = "ws://127.0.0.1:8545"
start_block = 1
block_seconds = 12
weth = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"
multicall3 = "0xcA11bde05977b3631167028862bE2a173976CA11"
relays = [{name = "builder", url = "http://127.0.0.1:1"}]
[[dexes]]
name = "uniswap_v2"
family = "uniswap_v2"
factory = "0x5C69bEe701ef814a2B6a3EDD4B1652CB9cc5aA6f"
"""


@pytest.fixture
def write(tmp_path: Path):
    def _write(text: str, name: str = "tallyio.toml") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    return _write


def test_defaults_are_safe(write) -> None:
    settings = load(write(SETTINGS), Settings)
    assert settings.mode == "shadow"
    assert settings.strategies == ("arbitrage", "liquidation", "backrun")


def test_addresses_are_lower_cased(write) -> None:
    chain = load(write(CHAIN), ChainSettings)
    assert chain.weth == "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('chian = "x"\n[wallet]\nkeystore = "k"\n', "unknown key 'chian'. Did you mean 'chain'?"),
        (SETTINGS + 'keystor = "x"\n', "unknown key 'wallet.keystor'. Did you mean 'keystore'?"),
        ('mode = "shadow"\nchain = "a"\n', "the key 'wallet' is missing"),
        ('mode = "fast"\n' + SETTINGS, "key 'mode': found 'fast'"),
        ("verify_every_blocks = -1\n" + SETTINGS, "key 'verify_every_blocks': found -1, expected an integer >= 0"),
        ('data_dir = "a\n', "not valid TOML"),
    ],
)
def test_a_mistake_names_file_key_found_and_expected(write, text: str, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(write(text), Settings)
    assert "tallyio.toml: " in str(caught.value)
    assert expected in str(caught.value)


def test_a_mistake_inside_a_list_names_its_place(write) -> None:
    with pytest.raises(ConfigError, match=r"key 'dexes\[0\]\.factory': found '0x12'"):
        load(write(CHAIN.replace("0x5C69bEe701ef814a2B6a3EDD4B1652CB9cc5aA6f", "0x12")), ChainSettings)


def test_environment_variables_fill_strings(write, monkeypatch: pytest.MonkeyPatch) -> None:
    text = CHAIN.replace("http://127.0.0.1:8545", "https://node/${NODE_KEY}")
    with pytest.raises(ConfigError, match="NODE_KEY is not set"):
        load(write(text), ChainSettings)
    monkeypatch.setenv("NODE_KEY", "abc")
    assert load(write(text), ChainSettings).http_url == "https://node/abc"


def test_a_directory_resolves_its_files(write, tmp_path: Path) -> None:
    write(SETTINGS)
    write(CHAIN, "chains/devnet.toml")
    directory = ConfigDirectory.open(tmp_path)
    assert directory.chain.chain_id == 31337
    assert directory.data_dir == tmp_path / "data"


def test_a_missing_directory_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such directory"):
        ConfigDirectory.open(tmp_path / "absent")
