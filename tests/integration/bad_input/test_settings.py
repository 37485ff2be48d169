"""Mistakes in the files of a configuration directory."""

from pathlib import Path

import pytest

CHAIN = "chains/devnet.toml"
MISTAKES = [
    # file, what is there, what a user writes instead, what the line must say
    ("tallyio.toml", 'data_dir = "data"', 'data_dri = "data"', ["unknown key 'data_dri'", "Did you mean 'data_dir'"]),
    ("tallyio.toml", 'mode = "live"', 'mode = "fast"', ["key 'mode'", "'fast'", "'live'", "'shadow'"]),
    ("tallyio.toml", "max_hops = 3", 'max_hops = "3"', ["key 'max_hops'", "found '3'", "expected an integer"]),
    ("tallyio.toml", "max_hops = 3", "max_hops = 5", ["key 'max_hops'", "found 5", "<= 4"]),
    ("tallyio.toml", "[wallet]", "[cycles]\nmax_cycles = 0\n[wallet]", ["key 'cycles.max_cycles'", "found 0", ">= 1"]),
    (
        "tallyio.toml",
        "[wallet]",
        "[cycles]\nmin_liquidity = 1\n[wallet]",
        ["'cycles.min_liquidity'", "'min_liquidity_wei'"],
    ),
    (
        "tallyio.toml",
        "[wallet]",
        "[cycles]\nmin_liquidity_wei = 1.5\n[wallet]",
        ["key 'cycles.min_liquidity_wei'", "1.5", "expected an integer"],
    ),
    (
        "tallyio.toml",
        "[wallet]",
        '[cycles]\nbase_tokens = ["WETH"]\n[wallet]',
        ["cycles.base_tokens[0]", "'WETH'", "40 hex digits"],
    ),
    (
        "tallyio.toml",
        "every_blocks = 0",
        "every_blocks = 0.5",
        ["key 'verify_every_blocks'", "0.5", "expected an integer"],
    ),
    ("tallyio.toml", 'chain = "devnet"', "", ["the key 'chain' is missing"]),
    ("tallyio.toml", 'chain = "devnet"', 'chain = "mainnet"', ["mainnet.toml: no such file", "Create it"]),
    ("tallyio.toml", 'chain = "devnet"', 'chain = "devnet', ["not valid TOML", "line 1"]),
    ("tallyio.toml", 'keystore = "wallet/keystore.json"', "", ["'wallet.keystore' is missing"]),
    ("tallyio.toml", "[wallet]", "[metrics]\nport = 70000\n[wallet]", ["key 'metrics.port'", "70000", "<= 65535"]),
    ("tallyio.toml", "[wallet]", "[[wallet]]", ["key 'wallet'", "expected a table", "found an array"]),
    (CHAIN, "chain_id = 31337", 'chain_id = "mainnet"', ["key 'chain_id'", "'mainnet'", "expected an integer"]),
    (CHAIN, "chain_id = 31337", "", ["the key 'chain_id' is missing"]),
    (CHAIN, 'weth = "0x', 'weth = "0xzz', ["key 'weth'", "found '0xzz", "0x and 40 hex digits"]),
    (CHAIN, 'ws_url = "ws://', 'ws_url = "http://', ["key 'ws_url'", "ws:// or wss://"]),
    (CHAIN, 'http_url = "http://', 'http_url = "', ["key 'http_url'", "http:// or https://"]),
    (CHAIN, 'family = "uniswap_v2"', 'family = "curve"', ["dexes[0].family", "'curve'", "'uniswap_v2'"]),
    (CHAIN, "[[relays]]", "[[relais]]", ["unknown key 'relais'", "Did you mean 'relays'"]),
    (CHAIN, "[[relays]]", '[[lenders]]\nsource = "aave"\n[[relays]]', ["lenders[0].source", "'aave'", "'morpho'"]),
    (CHAIN, "[[relays]]", '[[lenders]]\nsource = "morpho"\n[[relays]]', ["lenders[0].address", "missing"]),
    (CHAIN, "fee_pips = 3000", "fee_pips = 1000000", ["dexes[0].fee_pips", "1000000", "< 1000000"]),
    (CHAIN, "[untradable_tokens]", '[untradable_tokens]\n"0x12" = "x"', ["untradable_tokens", "0x12", "40 hex digits"]),
    (CHAIN, "[untradable_tokens]", f'[untradable_tokens]\n"0x{"12" * 20}" = 5', ["untradable_tokens", "found 5"]),
    ("risk/limits.toml", "min_profit_wei", "min_profit", ["unknown key 'min_profit'", "'min_profit_wei'"]),
    ("risk/limits.toml", "bid_share_bps = 1000", "bid_share_bps = 10001", ["'bid_share_bps'", "10001", "<= 10000"]),
    ("risk/limits.toml", "bid_share_bps = 1000", "breaker = 5", ["key 'breaker'", "found 5"]),
    ("risk/limits.toml", "min_profit_wei = 1000000000000000", "", ["'min_profit_wei' is missing"]),
    (
        "strategies/arbitrage.toml",
        "= 1000000000000000",
        "= 0.001",
        ["key 'min_profit_wei'", "0.001", "expected an integer"],
    ),
    ("strategies/arbitrage.toml", "= 1000000000000000", "= -1", ["key 'min_profit_wei'", "found -1", ">= 0"]),
    ("strategies/liquidation.toml", "min_profit_wei", "keeep", ["unknown key 'keeep'", "Did you mean 'keep'"]),
    ("strategies/backrun.toml", "= 1000000000000000", "= 1\nkeep = 0", ["key 'keep'", "found 0", ">= 1"]),
]


@pytest.mark.parametrize(("file", "old", "new", "parts"), MISTAKES, ids=[f"{m[0]}:{m[2][:30]}" for m in MISTAKES])
def test_a_mistake_is_one_line_with_file_key_found_and_expected(
    quick, config, file: str, old: str, new: str, parts: list[str]
) -> None:
    config.replace(file, old, new)
    command = "deploy" if file.startswith(("tallyio", "chains")) else "run"
    where = "" if "no such file" in parts[0] else file
    line = quick(command, "--config", config, *(["--headless"] if command == "run" else [])).refused(2, where, *parts)
    assert "regex" not in line
    assert not (Path(config) / "data").exists()


def test_the_same_from_a_process_of_its_own(tallyio, config) -> None:
    config.replace("risk/limits.toml", "bid_share_bps = 1000", 'bid_share_bps = "10 %"')
    tallyio("run", "--config", config, "--headless").refused(
        2, "risk/limits.toml: key 'bid_share_bps': found '10 %', expected an integer >= 0 and <= 10000. Correct"
    )


def test_a_strategy_nobody_knows(quick, config) -> None:
    config.replace("tallyio.toml", '"backrun"', '"sandwich"')
    quick("run", "--config", config, "--headless").refused(2, "tallyio.toml", "'sandwich'", "Known: arbitrage")


def test_doctor_reads_every_file(tallyio, config) -> None:
    config.replace("strategies/arbitrage.toml", "min_profit_wei", "min_profit")
    told = tallyio("doctor", "--config", config, "--json").object(1)
    assert "strategies/arbitrage.toml" in told["settings"]
    assert told["ok"] is False


def test_a_key_inside_a_url_is_never_shown(tallyio, config) -> None:
    config.replace("chains/devnet.toml", 'http_url = "http://', 'http_url = "ftp://u:${NODE_KEY}@')
    line = tallyio("wallet", "show", "--config", config, env={"NODE_KEY": "s3cr3t-node-key"}).refused(2, "http_url")
    assert "s3cr3t" not in line


def test_an_environment_variable_that_is_not_set(tallyio, config) -> None:
    config.replace("chains/devnet.toml", 'http_url = "http://', 'http_url = "http://${NOT_SET_ANYWHERE}')
    tallyio("wallet", "show", "--config", config).refused(2, "NOT_SET_ANYWHERE", "Set")


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["run"], ["--config"]),
        (["run", "--config", "/nowhere/at/all"], ["/nowhere/at/all: no such directory"]),
        (["runn"], ["runn"]),
        (["run", "--config", ".", "--blocks", "many"], ["--blocks", "many"]),
        (["run", "--config", ".", "--blocks", "-1"], ["--blocks", "-1", ">= 0"]),
        (["run", "--config", ".", "--log-level", "loud"], ["--log-level", "loud", "info"]),
        (["demo", "--interval-ms", "0"], ["--interval-ms", "0"]),
        (["devnet", "up", "--port", "99999"], ["--port", "99999"]),
    ],
)
def test_wrong_usage(quick, words: list[str], parts: list[str], tmp_path: Path) -> None:
    quick(*words, cwd=tmp_path).refused(2, *parts)


def test_a_file_that_is_not_text(quick, config) -> None:
    (Path(config) / "tallyio.toml").write_bytes(b"\xff\xfe\x00chain")
    quick("kill", "--config", config).refused(2, "tallyio.toml", "UTF-8")


def test_a_folder_in_the_place_of_a_file(quick, config) -> None:
    (Path(config) / "tallyio.toml").unlink()
    (Path(config) / "tallyio.toml").mkdir()
    quick("kill", "--config", config).refused(2, "tallyio.toml", "cannot be read")
