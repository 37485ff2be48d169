"""Where a password may come from."""

from pathlib import Path

import pytest

from tallyio.core.errors import OperatorError
from tallyio.wallet.passwords import read_password


def test_a_file_comes_before_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("from file\nsecond line\n")
    assert read_password(file=file, environment={"TALLYIO_PASSWORD": "from env"}) == "from file"
    assert read_password(environment={"TALLYIO_PASSWORD": "from env"}) == "from env"
    assert read_password(variable="MINE", environment={"MINE": "mine"}) == "mine"


def test_no_password_names_the_ways_to_give_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)
    with pytest.raises(OperatorError, match="Set TALLYIO_PASSWORD, name a password file"):
        read_password(environment={})


def test_an_empty_or_missing_file_is_named(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.touch()
    for file in (empty, tmp_path / "missing"):
        with pytest.raises(OperatorError, match=file.name):
            read_password(file=file)


def test_a_prompt_asks_twice_where_a_key_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["one", "two", "same", "same", ""])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("getpass.getpass", lambda _: next(answers))
    with pytest.raises(OperatorError, match="differ"):
        read_password(environment={}, confirm=True)
    assert read_password(environment={}, confirm=True) == "same"
    with pytest.raises(OperatorError, match="empty"):
        read_password(environment={})
