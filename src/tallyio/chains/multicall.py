"""Many contract reads in one call: Multicall3's ``aggregate3`` (github.com/mds1/multicall3)."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from tallyio.chains import jsonrpc, storage_words, tick_lens
from tallyio.chains.jsonrpc import RpcError
from tallyio.core.errors import OutOfReachError
from tallyio.core.units import Address

if TYPE_CHECKING:
    from tallyio.chains.rpc import Rpc

_SELECTOR = bytes.fromhex("82ad56cb")
_WORD = 32
_GAS = 48_000_000
"""Nodes allow calls 50 million at least unless told otherwise."""
_GAS_OF_CALLS = 36_000_000
_WITH_LENS = {tick_lens.LENS: {"code": "0x" + tick_lens.CODE.hex()}}


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


def _parts(calls: Sequence[tuple[Address, bytes]], most: int) -> Iterator[Sequence[tuple[Address, bytes]]]:
    """Calls that go into one ``eth_call``, by number and by gas."""
    begin, gas = 0, 0
    for i, (target, data) in enumerate(calls):
        needed = tick_lens.gas_of(target, data)
        if i > begin and (i - begin == most or gas + needed > _GAS_OF_CALLS):
            yield calls[begin:i]
            begin, gas = i, 0
        gas += needed
    if begin < len(calls):
        yield calls[begin:]


async def aggregate(
    rpc: "Rpc",
    multicall3: Address,
    calls: Sequence[tuple[Address, bytes]],
    block: int | str = "latest",
    *,
    chunk: int = 200,
) -> list[tuple[bool, bytes]]:
    """``(success, returned bytes)`` of each ``(target, calldata)``, all read at one block.

    ``block`` is a number, a block hash, or a tag. Give a number or hash when there is more than one chunk. Chunks are
    smaller where their calls are heavy; ``tick_lens`` is put in place where one of them asks it. Questions of
    ``storage_words`` fail where the node refuses them.
    """
    at = block_param(block)
    slots = [storage_words.asked(data) for target, data in calls if target == storage_words.STORAGE]
    views = [call for call in calls if call[0] != storage_words.STORAGE] if slots else calls
    requests: list[tuple[str, list[Any]]] = []
    counts = []
    for part in _parts(views, chunk):
        counts.append(len(part))
        call = {"to": multicall3, "data": "0x" + encode_aggregate3(part).hex()}
        if any(target == tick_lens.LENS for target, _ in part):
            requests.append(("eth_call", [{**call, "gas": hex(_GAS)}, at, _WITH_LENS]))
        else:
            requests.append(("eth_call", [call, at]))
    requests += [("eth_getStorageAt", [contract, f"{slot:#066x}", at]) for contract, slot in slots]
    answers = await rpc.batch(requests, keep_errors=bool(slots))
    results: list[tuple[bool, bytes]] = []
    for answer, count in zip(answers, counts, strict=False):
        if isinstance(answer, RpcError):
            raise answer
        results += decode_aggregate3(jsonrpc.data(answer, "eth_call"), count)
    if not slots:
        return results
    told, words = iter(results), iter([_stored(answer) for answer in answers[len(counts) :]])
    return [next(words if target == storage_words.STORAGE else told) for target, _ in calls]


def _stored(answer: Any) -> tuple[bool, bytes]:
    if isinstance(answer, RpcError):
        return False, b""
    word = jsonrpc.quantity(answer, "a storage word")
    if word >> 8 * _WORD:
        raise OutOfReachError(f"the node sent {answer!r:.60} as a storage word, expected 32 bytes")
    return True, word.to_bytes(_WORD)


def block_param(block: int | str) -> Any:
    """A block as JSON-RPC's parameter: hex number, tag, or EIP-1898 object for a hash."""
    if isinstance(block, int):
        return hex(block)
    return {"blockHash": block} if len(block) == 66 else block
