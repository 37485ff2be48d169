"""The packaged bytecode is what the sources in contracts/ compile to, and is recognised on chain."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallyio.chains.addresses import created_by
from tallyio.core.errors import OperatorError
from tallyio.core.units import Address
from tallyio.execution.artifact import executor_artifact, load
from tallyio.execution.deploy import Deployment, creation_data, deployment_of

ROOT = Path(__file__).resolve().parents[2]
WETH = Address("0x" + "ee" * 20)
OWNER = Address("0x" + "0a" * 20)
OPERATOR = Address("0x" + "0b" * 20)


@pytest.fixture(scope="module")
def builder() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_contracts", ROOT / "tools" / "build_contracts.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("contract", ["Executor", "Sandwich", pytest.param("Leg", marks=pytest.mark.nightly)])
def test_packaged_artifacts_are_the_build_of_the_sources(builder: ModuleType, contract: str) -> None:
    target = {each.contract: each for each in builder.TARGETS}[contract]
    assert builder.encode(builder.build(target)) == target.artifact.read_bytes()


def test_no_source_is_newer_than_its_artifact(builder: ModuleType) -> None:
    """Of all contracts, also of those that are compiled anew at night only."""
    for target in builder.TARGETS:
        path = target.folder / f"{target.contract}.sol"
        sources = builder.gather({str(path.relative_to(builder.SOURCES.parent)): path})
        assert builder.source_hash(sources) == load(target.artifact.read_bytes()).source_hash


@pytest.mark.nightly
def test_another_setting_would_be_noticed(builder: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(builder.SETTINGS, "optimizer", {"enabled": True, "runs": 1})
    assert builder.encode(builder.build()) != builder.EXECUTOR.artifact.read_bytes()


def test_a_test_contract_is_not_in_the_package() -> None:
    assert sorted(f.name for f in (ROOT / "src/tallyio/execution/artifacts").iterdir()) == ["Executor.json", "Leg.json"]


def code(owner: Address = OWNER, operator: Address = OPERATOR, weth: Address = WETH) -> bytearray:
    """The runtime code with immutables filled in as a constructor would."""
    filled = bytearray(executor_artifact().runtime_code)
    for name, value in (("owner", owner), ("operator", operator), ("weth", weth)):
        for offset in executor_artifact().immutables[name]:
            filled[offset + 12 : offset + 32] = bytes.fromhex(value[2:])
    return filled


def test_deployed_code_names_owner_and_weth() -> None:
    assert deployment_of(bytes(code())) == Deployment(owner=OWNER, operator=OPERATOR, weth=WETH)


@given(st.integers(0, len(executor_artifact().runtime_code) - 1), st.integers(1, 255))
def test_one_changed_byte_is_another_contract_or_another_owner(at: int, change: int) -> None:
    damaged = code()
    damaged[at] ^= change
    assert deployment_of(bytes(damaged)) != Deployment(owner=OWNER, operator=OPERATOR, weth=WETH)


@pytest.mark.parametrize("other", [b"", b"\x60\x00", bytes(code()) + b"\x00", bytes(code())[:-1]])
def test_other_code_is_not_the_executor(other: bytes) -> None:
    assert deployment_of(other) is None


def test_creation_needs_a_weth() -> None:
    with pytest.raises(OperatorError, match="zero address"):
        creation_data(Address("0x" + "00" * 20))


@pytest.mark.parametrize(
    ("nonce", "expected"),
    [
        # The worked example of go-ethereum's crypto tests for this sender.
        (0, "0x333c3310824b7c685133f2bedb2ca4b8b4df633d"),
        (1, "0x8bda78331c916a08481428e4b07c96d3e916d165"),
        (2, "0xc9ddedf451bc62ce88bf9292afb13df35b670699"),
    ],
)
def test_predicted_address_of_known_creations(nonce: int, expected: str) -> None:
    assert created_by(Address("0x970e8128ab834e8eac17ab8e3812f010678cf791"), nonce) == expected


def test_the_readme_shows_the_measured_gas() -> None:
    table = msgspec.json.decode((ROOT / "contracts" / "gas.json").read_bytes(), type=dict[str, int])
    readme = (ROOT / "contracts" / "README.md").read_text()
    shown = re.findall(r"^\| ((?:cycle|liquidation|routers?),.*) \| ([\d,]+) \|$", readme, re.M)
    assert {name: int(gas.replace(",", "")) for name, gas in shown} == table
