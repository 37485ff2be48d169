"""The root of a Merkle Patricia trie over a list: transactions, receipts, withdrawals (Yellow Paper, appendix D)."""

from collections.abc import Sequence
from typing import Any

import rlp  # type: ignore[import-untyped]

from tallyio.chains.keccak import keccak256

EMPTY_ROOT = keccak256(b"\x80")


def list_root(values: Sequence[bytes]) -> bytes:
    """The root under which the chain keeps ``values``: each under the RLP of its index."""
    if not values:
        return EMPTY_ROOT
    pairs = sorted((_nibbles(bytes(rlp.encode(index))), value) for index, value in enumerate(values))
    return keccak256(bytes(rlp.encode(_node(pairs, 0))))


def _nibbles(key: bytes) -> tuple[int, ...]:
    return tuple(nibble for byte in key for nibble in (byte >> 4, byte & 15))


def _node(pairs: Sequence[tuple[tuple[int, ...], bytes]], depth: int) -> list[Any]:
    """The node over ``pairs``, sorted, which share their first ``depth`` nibbles. No key is the start of another."""
    first, last = pairs[0][0], pairs[-1][0]
    if len(pairs) == 1:
        return [_path(first[depth:], leaf=True), pairs[0][1]]
    common = depth
    while first[common] == last[common]:
        common += 1
    if common > depth:
        return [_path(first[depth:common], leaf=False), _reference(_node(pairs, common))]
    children: list[Any] = [b""] * 17
    start = 0
    while start < len(pairs):
        nibble = pairs[start][0][depth]
        end = start
        while end < len(pairs) and pairs[end][0][depth] == nibble:
            end += 1
        children[nibble] = _reference(_node(pairs[start:end], depth + 1))
        start = end
    return children


def _reference(node: list[Any]) -> Any:
    encoded = bytes(rlp.encode(node))
    return node if len(encoded) < 32 else keccak256(encoded)


def _path(nibbles: Sequence[int], *, leaf: bool) -> bytes:
    """Hex-prefix encoding (Yellow Paper, appendix C)."""
    flag = 2 * leaf + len(nibbles) % 2
    padded = [flag, *nibbles] if len(nibbles) % 2 else [flag, 0, *nibbles]
    return bytes(high << 4 | low for high, low in zip(padded[::2], padded[1::2], strict=True))
