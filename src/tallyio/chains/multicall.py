"""Many contract reads in one call: Multicall3's ``aggregate3`` (github.com/mds1/multicall3)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tallyio.chains import jsonrpc
from tallyio.core.errors import OutOfReachError
from tallyio.core.units import Address

if TYPE_CHECKING:
    from tallyio.chains.rpc import Rpc

_SELECTOR = bytes.fromhex("82ad56cb")
_WORD = 32


def _word(value: int) -> bytes:
    return value.to_bytes(_WORD, "big")


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % _WORD)


def encode_aggregate3(calls: Sequence[tuple[Address, bytes]]) -> bytes:
    """Calldata of ``aggregate3((address target, bool allowFailure, bytes callData)[])``; every call may fail."""
    heads, tails, offset = [], [], _WORD * len(calls)
    for target, data in calls:
        tail = _word(int(target, 16)) + _word(1) + _word(3 * _WORD) + _word(len(data)) + _padded(data)
        heads.append(_word(offset))
        tails.append(tail)
        offset += len(tail)
    return b"".join((_SELECTOR, _word(_WORD), _word(len(calls)), *heads, *tails))


def decode_aggregate3(output: bytes, count: int) -> list[tuple[bool, bytes]]:
    """``(bool success, bytes returnData)[]``. Raises ``OutOfReachError`` when it is not ``count`` of them."""

    def word(at: int) -> int:
        if at + _WORD > len(output):
            raise OutOfReachError(
                f"Multicall3 answered {len(output)} bytes, expected results of {count} calls",
                todo="Check the multicall3 address of the chain's settings",
            )
        return int.from_bytes(output[at : at + _WORD], "big")

    start = word(0)
    if word(start) != count:
        raise OutOfReachError(f"Multicall3 answered {word(start)} results, expected {count}")
    base = start + _WORD
    results = []
    for i in range(count):
        at = base + word(base + i * _WORD)
        data_at = at + word(at + _WORD)
        length = word(data_at)
        end = data_at + _WORD + length
        if end > len(output):
            raise OutOfReachError(f"Multicall3 cut its answer short at {len(output)} bytes, expected {end}")
        results.append((bool(word(at)), output[data_at + _WORD : end]))
    return results


async def aggregate(
    rpc: "Rpc",
    multicall3: Address,
    calls: Sequence[tuple[Address, bytes]],
    block: int | str = "latest",
    *,
    chunk: int = 200,
) -> list[tuple[bool, bytes]]:
    """``(success, returned bytes)`` of each ``(target, calldata)``, all read at one block.

    ``block`` is a number, a block hash, or a tag. Give a number or hash when there is more than one chunk.
    """
    at = block_param(block)
    requests: list[tuple[str, list[Any]]] = []
    counts = []
    for i in range(0, len(calls), chunk):
        part = calls[i : i + chunk]
        counts.append(len(part))
        requests.append(("eth_call", [{"to": multicall3, "data": "0x" + encode_aggregate3(part).hex()}, at]))
    answers = await rpc.batch(requests)
    results: list[tuple[bool, bytes]] = []
    for answer, count in zip(answers, counts, strict=True):
        results += decode_aggregate3(jsonrpc.data(answer, "eth_call"), count)
    return results


def block_param(block: int | str) -> Any:
    """A block as JSON-RPC's parameter: hex number, tag, or EIP-1898 object for a hash."""
    if isinstance(block, int):
        return hex(block)
    return {"blockHash": block} if len(block) == 66 else block
