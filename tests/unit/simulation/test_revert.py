import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from tallyio.execution.artifact import executor_errors
from tallyio.simulation.revert import Errors, explain

ERRORS = Errors(["NotEnough(uint256,uint256)", "NotOwner()", "Bad(bytes,address)"])


def custom(signature: str, types: list[str], values: list[object]) -> bytes:
    return keccak(text=signature)[:4] + encode(types, values)


@given(st.text(max_size=80))
def test_a_string(text: str) -> None:
    assert explain(bytes.fromhex("08c379a0") + encode(["string"], [text])) == text


@pytest.mark.parametrize(("code", "words"), [(0x11, "overflow"), (0x12, "division"), (0x99, "unknown")])
def test_a_panic(code: int, words: str) -> None:
    said = explain(bytes.fromhex("4e487b71") + encode(["uint256"], [code]))
    assert f"0x{code:02x}" in said
    assert words in said


def test_known_custom_errors() -> None:
    data = custom("NotEnough(uint256,uint256)", ["uint256", "uint256"], [5, 7])
    assert ERRORS.explain(data) == "NotEnough(5, 7)"
    assert ERRORS.explain(custom("NotOwner()", [], [])) == "NotOwner()"
    data = custom("Bad(bytes,address)", ["bytes", "address"], [b"\x01", "0x" + "ab" * 20])
    assert ERRORS.explain(data) == "Bad(0x01, 0x" + "ab" * 20 + ")"
    assert explain(data) == "0x" + data.hex()


@given(st.binary(max_size=200), st.sampled_from(["08c379a0", "4e487b71", keccak(text="Bad(bytes,address)")[:4].hex()]))
def test_garbled_data_never_raises(body: bytes, selector: str) -> None:
    assert ERRORS.explain(bytes.fromhex(selector) + body)
    assert ERRORS.explain(body)


def test_no_data() -> None:
    assert explain(b"") == "reverted without a reason"


def unprofitable(gained: int, required: int) -> bytes:
    return custom("Unprofitable(int256,uint256)", ["int256", "uint256"], [gained, required])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (unprofitable(-3, 5), "Unprofitable(gained=-3, required=5)"),
        (custom("Locked()", [], []), "Locked()"),
        (custom("Error(string)", ["string"], ["UniswapV2: K"]), "UniswapV2: K"),
        (custom("Panic(uint256)", ["uint256"], [0x11]), "Panic(0x11): arithmetic overflow"),
        (bytes.fromhex("12345678"), "0x12345678"),
        (unprofitable(-3, 5)[:30], "0x" + unprofitable(-3, 5)[:30].hex()),
        (custom("Error(string)", ["string"], ["x"])[:40], "0x08c379a0" + f"{32:064x}" + "00" * 4),
    ],
)
def test_errors_of_the_executor_name_their_arguments(data: bytes, words: str) -> None:
    assert Errors(executor_errors()).explain(data) == words
