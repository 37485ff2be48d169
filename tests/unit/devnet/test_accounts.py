"""Signatures and addresses of devnet actors, judged by eth-account and by the standards' own examples."""

from eth_account import Account

from tallyio.chains.addresses import created2_by, created_by
from tallyio.core.units import Address
from tallyio.devnet import accounts

TO = Address("0x" + "22" * 20)


def test_keys_come_from_the_seed():
    assert accounts.account(1, "trader", 0) == accounts.account(1, "trader", 0)
    several = {
        accounts.account(seed, role, i).address for seed in (1, 2) for role in ("trader", "oracle") for i in (0, 1)
    }
    assert len(several) == 8


def test_key_is_not_shown():
    account = accounts.account(1, "trader", 0)
    assert account.key.hex() not in repr(account)


def test_eip1559_signature_equals_eth_accounts():
    signer = accounts.account(3, "trader", 0)
    raw, tx_hash = accounts.sign(
        signer, 31337, 5, TO, b"\x01\x02", gas=100_000, value_wei=7, priority_fee_wei=2, max_fee_wei=9
    )
    signed = Account.from_key(signer.key).sign_transaction(
        {"type": 2, "chainId": 31337, "nonce": 5, "to": TO, "data": b"\x01\x02", "gas": 100_000, "value": 7,
         "maxPriorityFeePerGas": 2, "maxFeePerGas": 9}
    )  # fmt: skip
    assert raw == bytes(signed.raw_transaction)
    assert tx_hash == "0x" + bytes(signed.hash).hex()
    assert Account.recover_transaction(raw).lower() == signer.address


def test_legacy_signature_equals_eth_accounts():
    signer = accounts.account(3, "trader", 1)
    raw, _ = accounts.sign_legacy(signer, 56, 0, TO, b"", gas=21_000, value_wei=1, gas_price_wei=5)
    signed = Account.from_key(signer.key).sign_transaction(
        {"chainId": 56, "nonce": 0, "to": TO, "data": b"", "gas": 21_000, "value": 1, "gasPrice": 5}
    )
    assert raw == bytes(signed.raw_transaction)


def test_create_address():
    """The first contracts of the well-known development account."""
    creator = Address("0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266")
    assert created_by(creator, 0) == "0x5fbdb2315678afecb367f032d93f642f64180aa3"
    assert created_by(creator, 1) == "0xe7f1725e7734ce288f8367e1bb143e90bb3f0512"


def test_create2_address():
    """Examples of EIP-1014."""
    from eth_utils import keccak

    zero, dead = Address("0x" + "00" * 20), Address("0xdeadbeef00000000000000000000000000000000")
    assert created2_by(zero, bytes(32), keccak(b"\0")) == "0x4d1a2e2bb4f88f0250f26ffff098b0b30b26bf38"
    assert created2_by(dead, bytes(32), keccak(b"\0")) == "0xb928f69bb1d91cd65274e3c79d8986362984fda3"
