"""Keys at rest: version 3 files, as other wallets write and read them."""

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from eth_account import Account

from tallyio.core.errors import OperatorError
from tallyio.wallet import keystore
from tallyio.wallet.keystore import LIGHT_WORK

KEY = "0x" + "4c" * 32
PASSWORD = "correct horse"

# The worked example of the Web3 Secret Storage definition (PBKDF2): password "testpassword".
PUBLISHED = {
    "crypto": {
        "cipher": "aes-128-ctr",
        "cipherparams": {"iv": "6087dab2f9fdbbfaddc31a909735c1e6"},
        "ciphertext": "5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46",
        "kdf": "pbkdf2",
        "kdfparams": {
            "c": 262144,
            "dklen": 32,
            "prf": "hmac-sha256",
            "salt": "ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd",
        },
        "mac": "517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2",
    },
    "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6",
    "version": 3,
}

PUBLISHED_KEY = "0x7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "wallet" / "owner.json"


def test_a_key_comes_back_and_the_file_is_ours_alone(path: Path) -> None:
    made = keystore.import_key(path, KEY, PASSWORD, work=LIGHT_WORK)
    assert made == keystore.address_in(path) == Account.from_key(KEY).address.lower()
    assert keystore.export(path, PASSWORD) == KEY
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in path.parent.iterdir()] == ["owner.json"]
    assert KEY[2:] not in path.read_text()


def test_other_wallets_read_our_files_and_we_theirs(path: Path, tmp_path: Path) -> None:
    keystore.import_key(path, KEY[2:], PASSWORD, work=LIGHT_WORK)
    assert "0x" + bytes(Account.decrypt(json.loads(path.read_text()), PASSWORD)).hex() == KEY
    theirs = tmp_path / "theirs.json"
    theirs.write_text(json.dumps(PUBLISHED))
    assert (
        keystore.export(theirs, "testpassword") == "0x7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d"
    )
    keystore.import_keystore(tmp_path / "ours.json", theirs, "testpassword", PASSWORD, work=LIGHT_WORK)
    assert keystore.export(tmp_path / "ours.json", PASSWORD) == keystore.export(theirs, "testpassword")


def test_a_file_of_full_strength_opens(path: Path) -> None:
    made = keystore.create(path, PASSWORD)
    assert json.loads(path.read_text())["crypto"]["kdfparams"]["n"] == 262_144
    assert keystore.unlock(path, PASSWORD, policy=_Anything()).address == made


class _Anything:
    def check(self, tx: object) -> None:
        return None


def test_a_wrong_password_is_one_clear_line_without_the_password(path: Path) -> None:
    keystore.import_key(path, KEY, PASSWORD, work=LIGHT_WORK)
    with pytest.raises(OperatorError, match="wrong password") as e:
        keystore.load_key(path, "incorrect donkey")
    assert "donkey" not in str(e.value)
    assert "\n" not in str(e.value)
    assert e.value.__suppress_context__


def test_a_key_is_never_overwritten(path: Path) -> None:
    keystore.create(path, PASSWORD, work=LIGHT_WORK)
    before = path.read_bytes()
    with pytest.raises(OperatorError, match="exists already"):
        keystore.create(path, PASSWORD, work=LIGHT_WORK)
    assert path.read_bytes() == before
    assert len(list(path.parent.iterdir())) == 1


@pytest.mark.parametrize("text", ["", "0x12", "zz" * 32, "00" * 32, "ff" * 32, KEY + "00"])
def test_what_is_no_key_is_refused_and_not_shown(path: Path, text: str) -> None:
    with pytest.raises(OperatorError, match="private key") as e:
        keystore.import_key(path, text, PASSWORD, work=LIGHT_WORK)
    assert not text or text not in str(e.value)
    assert not path.exists()


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"version": 1}', '{"version": 3}', '{"version": 3, "crypto": {"kdf": "x"}}', "\x00"]
)
def test_what_is_no_keystore_gives_one_clear_line(path: Path, content: str) -> None:
    path.parent.mkdir()
    path.write_text(content)
    with pytest.raises(OperatorError) as e:
        keystore.load_key(path, PASSWORD)
    assert str(path) in str(e.value)
    assert "\n" not in str(e.value)


def test_a_missing_file_and_an_empty_password(path: Path) -> None:
    with pytest.raises(OperatorError, match="no such keystore"):
        keystore.load_key(path, PASSWORD)
    with pytest.raises(OperatorError, match="password is empty"):
        keystore.create(path, "")


def test_an_address_that_is_not_the_keys_is_found(path: Path) -> None:
    keystore.import_key(path, KEY, PASSWORD, work=LIGHT_WORK)
    document = json.loads(path.read_text())
    path.write_text(json.dumps(document | {"address": "11" * 20}))
    with pytest.raises(OperatorError, match="its key belongs to"):
        keystore.load_key(path, PASSWORD)


def test_the_process_keeps_its_recursion_limit(path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tallyio.wallet import keystore as k; "
        f"p = Path({str(path)!r}); k.create(p, 'x', work=k.LIGHT_WORK); k.export(p, 'x'); "
        "print('py_ecc' in sys.modules, sys.getrecursionlimit())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "1000"]
