"""``tallyio verify``: what it counts, and how it ends."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tallyio.cli.main import run


def write(path: Path, found: object) -> str:
    path.write_bytes(gzip.compress(json.dumps(found).encode()))
    return str(path)


def volatile_pair(paid: str = "906") -> dict[str, Any]:
    state = {
        "timestamp": "100",
        "reserves": ["10000", "10000"],
        "reserve_cumulative": ["0", "0"],
        "block_timestamp_last": "90",
        "index": ["0", "0"],
        "total_supply": "10000",
        "pool_fees_balances": ["0", "0"],
    }
    return {
        "id": "0",
        "variant": "aerodrome",
        "stable": False,
        "decimals": ["18", "18"],
        "fee_bps": "30",
        "state": state,
        "views": {"getAmountOut": {"amount_in": "1000", "token_in": "0", "ok": True, "value": paid}},
        "call": {"method": "swap", "token_in": "0", "amount_in": "1000", "amount_out_requested": "906"},
        "result": {"ok": True},
        "state_after": {**state, "reserves": ["10997", "9094"], "reserve_cumulative": ["100000", "100000"]}
        | {"block_timestamp_last": "100", "index": ["300000000000000", "0"], "pool_fees_balances": ["3", "0"]},
    }


def told(path: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    code = run(["verify", path, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_agreement(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    refused = volatile_pair()
    refused["call"]["amount_out_requested"] = "907"
    refused["result"] = {"ok": False, "revert": {"selector": "0xa932492f", "reason": "K()"}}
    records = [volatile_pair(), refused]
    code, found = told(write(tmp_path / "a", {"meta": {"family": "solidly_v2"}, "records": records}), capsys)
    assert code == 0
    assert (found["records"], found["matched"], found["refused"], found["mismatched"]) == (2, 1, 1, 0)


def test_a_difference_is_exit_code_1_and_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path / "a", {"meta": {"family": "solidly_v2"}, "records": [volatile_pair("905")]})
    code, found = told(file, capsys)
    assert (code, found["mismatched"], found["matched"]) == (1, 1, 0)
    assert found["families"][0]["differences"] == ["a record 0: getAmountOut: contract 905, model 906"]
    assert run(["verify", file]) == 1
    assert "getAmountOut: contract 905, model 906" in capsys.readouterr().out


def test_what_no_model_answers_is_never_matched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path / "a", {"meta": {"family": "an_exchange_of_tomorrow"}, "records": [{"id": "0"}]})
    code, found = told(file, capsys)
    assert (code, found["records"], found["matched"], found["not_modelled"]) == (0, 1, 0, 1)
    record = volatile_pair()
    record["views"]["getSomething"] = {"ok": True, "value": "1"}
    code, found = told(write(tmp_path / "b", {"meta": {"family": "solidly_v2"}, "records": [record]}), capsys)
    assert (code, found["matched"], found["not_modelled"]) == (0, 0, 1)
    assert found["families"][0]["missing"] == {"getSomething": 1}


@pytest.mark.parametrize(
    "content",
    [b"", b"text", *(gzip.compress(text, mtime=0) for text in (b"[1", b"[1]", b"{}", b'"\xff"'))],
)
def test_a_file_of_another_format_is_one_clear_error(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "odd.json.gz"
    path.write_bytes(content)
    assert run(["verify", str(path)]) == 2
    shown = capsys.readouterr().err
    assert shown.startswith(f"error: {path}: ")
    assert shown.count("\n") == 1


def test_a_record_of_another_shape_is_a_mismatch(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path / "a", {"meta": {"family": "solidly_v2"}, "records": [{"id": "0"}]})
    code, found = told(file, capsys)
    assert (code, found["mismatched"]) == (1, 1)
    record = volatile_pair()
    record["decimals"] = ["-5", "9" * 5000]
    code, found = told(write(tmp_path / "b", {"meta": {"family": "solidly_v2"}, "records": [record]}), capsys)
    assert (code, found["mismatched"]) == (1, 1)


def test_no_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify"]) == 2
    assert run(["verify", "/nowhere/at/all.json.gz"]) == 2
    assert "no such file" in capsys.readouterr().err
