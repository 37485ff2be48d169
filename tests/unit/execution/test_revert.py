"""Revert data in words."""

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from tallyio.execution.revert import explain_revert


def error(signature: str, *values: object) -> bytes:
    kinds = signature[signature.index("(") + 1 : -1].split(",") if not signature.endswith("()") else []
    return keccak(text=signature)[:4] + encode(kinds, values)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (error("Unprofitable(int256,uint256)", -3, 5), "Unprofitable(gained=-3, required=5)"),
        (error("Locked()"), "Locked()"),
        (error("Error(string)", "UniswapV2: K"), "UniswapV2: K"),
        (error("Panic(uint256)", 0x11), "Panic(0x11)"),
        (b"", "reverted without a reason"),
        (bytes.fromhex("12345678"), "unknown error 0x12345678"),
        (error("Unprofitable(int256,uint256)", -3, 5)[:30], "unknown error 0x"),
        (error("Error(string)", "x")[:40], "unknown error 0x08c379a0"),
    ],
)
def test_words(data: bytes, words: str) -> None:
    assert explain_revert(data).startswith(words)
