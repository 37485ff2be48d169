"""Version 3 documents as other programs write them."""

import hashlib
import json
from typing import Any

import pytest
from Crypto.Cipher import AES
from eth_account import Account

from tallyio.chains.keccak import keccak256
from tallyio.wallet.decryption import WrongPasswordError, decrypt

KEY = bytes.fromhex("4c" * 32)
PASSWORD = "pässword ✓"


def written(kdf: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(json.dumps(Account.encrypt(KEY, PASSWORD, kdf=kdf, iterations=4)))
    return document


@pytest.mark.parametrize("kdf", ["scrypt", "pbkdf2"])
def test_what_another_library_wrote_is_read(kdf: str) -> None:
    assert decrypt(written(kdf), PASSWORD.encode()) == KEY
    with pytest.raises(WrongPasswordError):
        decrypt(written(kdf), b"password")


@pytest.mark.parametrize("iv", ["00" * 16, "00" + "7f" * 15, "ff" * 16])
@pytest.mark.parametrize("strip", [False, True])
def test_a_counter_with_leading_zeros_or_without(iv: str, strip: bool) -> None:
    document = written("pbkdf2")
    sealed = document["crypto"]
    salt = bytes.fromhex(sealed["kdfparams"]["salt"])
    derived = hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), salt, 4, 32)
    ciphertext = AES.new(derived[:16], AES.MODE_CTR, nonce=b"", initial_value=bytes.fromhex(iv)).encrypt(KEY)
    sealed["cipherparams"]["iv"] = iv.lstrip("0") if strip else iv
    sealed["ciphertext"] = ciphertext.hex()
    sealed["mac"] = keccak256(derived[16:32] + ciphertext).hex()
    assert decrypt(document, PASSWORD.encode()) == KEY


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("cipher",), "aes-256-gcm"),
        (("kdf",), "argon2"),
        (("kdfparams", "prf"), "hmac-sha512"),
        (("kdfparams", "dklen"), 16),
        (("kdfparams", "salt"), 7),
        (("mac",), "zz"),
    ],
)
def test_what_the_definition_does_not_allow_is_refused(path: tuple[str, ...], value: object) -> None:
    document = written("pbkdf2")
    inside = document["crypto"]
    for name in path[:-1]:
        inside = inside[name]
    inside[path[-1]] = value
    with pytest.raises((ValueError, KeyError, TypeError, AttributeError, NotImplementedError)) as e:
        decrypt(document, PASSWORD.encode())
    assert not isinstance(e.value, WrongPasswordError)
