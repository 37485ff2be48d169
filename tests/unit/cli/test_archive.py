"""``tallyio archive``: exit codes and what is said."""

from pathlib import Path

import msgspec
import pytest

from tallyio.cli.main import run


def test_verify_says_that_a_damaged_file_differs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "0000000001.parquet").write_bytes(b"PAR1 cut off")
    assert run(["archive", "verify", str(tmp_path), "--json"]) == 1
    told = msgspec.json.decode(capsys.readouterr().out)
    assert told["equal"] is False
    assert "cut off or corrupt" in told["blocks"][0]["difference"]


def test_mistakes_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = ["--out", str(tmp_path / "out")]
    for arguments, code in (
        (["verify", str(tmp_path)], 1),
        (["import", str(tmp_path), *out], 1),
        (["import", str(tmp_path / "absent.json"), *out], 2),
        (["fetch", "--rpc", "http://127.0.0.1:9", "--blocks", "1..2", *out], 3),
        (["fetch", "--rpc", "http://127.0.0.1:9", "--blocks", "2..1", *out], 2),
    ):
        assert run(["archive", *arguments]) == code, arguments
        assert capsys.readouterr().err.rstrip().splitlines()[-1].startswith("error: ")
    assert not (tmp_path / "out").exists()
