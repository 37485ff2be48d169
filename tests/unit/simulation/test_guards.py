import pytest

from tallyio.core.units import Address
from tallyio.simulation.guards import check_surroundings, floor_gas, intrinsic_gas, watched_opcodes
from tallyio.simulation.opcodes import BASEFEE, BLOBBASEFEE, CLZ, PREVRANDAO
from tallyio.simulation.records import BlockEnv, CallTx, InexactError, Rules
from tallyio.simulation.state import EMPTY, Account

A = Address("0x" + "0a" * 20)
FIELDS = {"number": 2, "timestamp": 3, "gas_limit": 30_000_000, "coinbase": A, "chain_id": 1}


def env(rules: Rules = "osaka", base_fee_wei: int = 7, **changes: object) -> BlockEnv:
    return BlockEnv(**FIELDS, base_fee_wei=base_fee_wei, rules=rules, **changes)  # type: ignore[arg-type]


def tx(data: bytes, to: Address | None = A, **changes: object) -> CallTx:
    return CallTx(sender=A, to=to, data=data, gas_limit=10**6, **changes)  # type: ignore[arg-type]


def test_gas_before_the_first_instruction() -> None:
    assert intrinsic_gas(tx(b"")) == 21_000
    assert intrinsic_gas(tx(b"\x00\x01")) == 21_020
    assert intrinsic_gas(tx(b"\x01" * 33, to=None)) == 21_000 + 32_000 + 33 * 16 + 2 * 2
    assert intrinsic_gas(tx(b"", access_list=((A, (1, 2)), (A, ())))) == 21_000 + 2 * 2_400 + 2 * 1_900


def test_the_calldata_floor() -> None:
    assert floor_gas(tx(b"\x00\x01"), env("prague")) == 21_000 + 10 * 5
    assert floor_gas(tx(b"\x00\x01"), env("cancun")) == 0


def test_watched_opcodes_depend_on_the_block() -> None:
    assert watched_opcodes(env()) == {BASEFEE, PREVRANDAO, CLZ}
    assert watched_opcodes(env("cancun", 0, prevrandao=bytes(32))) == set()
    assert watched_opcodes(env("prague", excess_blob_gas=5)) == {BASEFEE, PREVRANDAO, BLOBBASEFEE}


@pytest.mark.parametrize(
    ("address", "rules", "named"),
    [
        (0x05, "osaka", "exponentiation"),
        (0x0B, "prague", "BLS12"),
        (0x100, "osaka", "P256VERIFY"),
        (0x000F3DF6D732807EF1319FB7B8BB8522D0BEAC02, "cancun", "beacon"),
    ],
)
def test_accounts_that_behave_otherwise_on_the_chain(address: int, rules: Rules, named: str) -> None:
    with pytest.raises(InexactError, match=named):
        check_surroundings(env(rules), {Address(f"0x{address:040x}"): EMPTY})


def test_what_an_older_chain_does_not_have_is_no_obstacle() -> None:
    check_surroundings(env("cancun"), {Address(f"0x{number:040x}"): EMPTY for number in (5, 0x0B, 0x100)})
    check_surroundings(env("osaka"), {Address(f"0x{1:040x}"): EMPTY, A: EMPTY})


def test_a_delegated_account_is_refused() -> None:
    delegated = Account(1, 1, bytes.fromhex("ef0100") + bytes(20), bytes(32))
    with pytest.raises(InexactError, match="7702"):
        check_surroundings(env(), {A: delegated})
