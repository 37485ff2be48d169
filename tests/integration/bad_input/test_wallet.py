"""Passwords and keystores that are wrong, damaged or not there."""

import json
from pathlib import Path

import pytest

KEY = "0x4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318"
"""A key that the documentation of Ethereum's libraries shows; nobody's."""


@pytest.fixture
def keystore(config) -> Path:
    return Path(config) / "wallet/keystore.json"


@pytest.fixture
def password(config) -> Path:
    return Path(config) / "wallet/password"


def test_a_wrong_password(tallyio, ready, keystore: Path, password: Path) -> None:
    password.write_text("not the password\n")
    before = keystore.read_bytes()
    line = tallyio("run", "--config", ready, "--headless").refused(2, "keystore.json: wrong password", "Try again")
    assert "not the password" not in line
    assert keystore.read_bytes() == before


@pytest.mark.parametrize("content", ["", "\n", "\nsecond line\n"])
def test_an_empty_password(quick, ready, password: Path, content: str) -> None:
    password.write_text(content)
    quick("deploy", "--config", ready).refused(2, "wallet/password: the first line is empty", "expected the password")


def test_a_password_file_that_is_not_there(quick, ready, password: Path) -> None:
    password.unlink()
    quick("deploy", "--config", ready).refused(2, "wallet/password: the password file cannot be read", "Mend")


def test_no_password_at_all(quick, ready) -> None:
    ready.replace("tallyio.toml", 'password_file = "wallet/password"', "")
    quick("deploy", "--config", ready).refused(2, "no password", "TALLYIO_PASSWORD")


def _without(field: str):
    def spoil(document: dict) -> dict:
        document["crypto"].pop(field)
        return document

    return spoil


DAMAGES = {
    "version": (lambda d: d | {"version": 1}, ["version 1, expected 3"]),
    "no-crypto": (lambda d: {"version": 3, "address": d["address"]}, ["not a version 3 keystore"]),
    "no-mac": (_without("mac"), ["not a version 3 keystore"]),
    "crypto-text": (lambda d: d | {"crypto": "none"}, ["not a version 3 keystore"]),
    "mac": (lambda d: d | {"crypto": d["crypto"] | {"mac": "00" * 32}}, ["wrong password"]),
    "mac-type": (lambda d: d | {"crypto": d["crypto"] | {"mac": 5}}, ["keystore.json"]),
    "kdf": (lambda d: d | {"crypto": d["crypto"] | {"kdf": "none"}}, ["keystore.json"]),
    "kdf-n": (
        lambda d: d | {"crypto": d["crypto"] | {"kdfparams": d["crypto"]["kdfparams"] | {"n": 2**60}}},
        ["keystore.json"],
    ),
    "ciphertext": (lambda d: d | {"crypto": d["crypto"] | {"ciphertext": "zz"}}, ["keystore.json"]),
    "address": (lambda d: d | {"address": "11" * 20}, [f"states 0x{'11' * 20}", "belongs to"]),
    "array": (lambda _: [], ["found keystore version", "expected 3"]),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_keystore_that_is_damaged(quick, ready, keystore: Path, damage: str) -> None:
    spoil, parts = DAMAGES[damage]
    keystore.write_text(json.dumps(spoil(json.loads(keystore.read_text()))))
    before = keystore.read_bytes()
    line = quick("deploy", "--config", ready).refused(2, "wallet/keystore.json", *parts)
    assert line.count(". ") >= 1, f"no word on what to do: {line}"
    assert keystore.read_bytes() == before


def test_half_a_keystore(quick, ready, keystore: Path) -> None:
    keystore.write_bytes(keystore.read_bytes()[:100])
    quick("deploy", "--config", ready).refused(2, "keystore.json: not a keystore", "Name a version 3 keystore")


def test_no_keystore(quick, ready, keystore: Path) -> None:
    keystore.unlink()
    for words in (["deploy"], ["wallet", "show"]):
        quick(*words, "--config", ready).refused(2, "keystore.json: no such keystore", "tallyio wallet create")


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        (KEY[:-1], ["63 characters", "expected 64 hex digits"]),
        (KEY[:-1] + "g", ["expected 64 hex digits"]),
        ("0x" + "00" * 32, ["zero"]),
        ("0x" + "ff" * 32, ["beyond the curve's order"]),
        ("", ["0 characters"]),
        ("tell me a secret", ["16 characters"]),
    ],
)
def test_a_wrong_key_on_import(quick, tmp_path: Path, password: Path, content: str, parts: list[str]) -> None:
    source, target = tmp_path / "key.hex", tmp_path / "new.json"
    source.write_text(content)
    line = quick("wallet", "import", target, "--key-file", source, "--password-file", password).refused(2, *parts)
    assert not target.exists()
    assert content[2:40] not in line or not content


def test_import_where_a_keystore_is_already(quick, tmp_path: Path, keystore: Path, password: Path) -> None:
    source = tmp_path / "key.hex"
    source.write_text(KEY)
    before = keystore.read_bytes()
    line = quick("wallet", "import", keystore, "--key-file", source, "--password-file", password).refused(
        2, "keystore.json: exists already"
    )
    assert KEY[2:] not in line
    assert keystore.read_bytes() == before


def test_a_key_file_that_is_not_there(quick, tmp_path: Path, password: Path) -> None:
    quick("wallet", "import", tmp_path / "k.json", "--key-file", tmp_path / "no", "--password-file", password).refused(
        2, "the key file cannot be read", "Mend"
    )


def test_a_place_for_the_keystore_that_cannot_be(quick, tmp_path: Path, password: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    quick("wallet", "create", tmp_path / "file/keystore.json", "--password-file", password).refused(2, "file")
