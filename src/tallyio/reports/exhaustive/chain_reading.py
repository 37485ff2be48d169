"""View calls at a block, many at a time through Multicall3. Nothing here knows what the answers mean."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Protocol

from tallyio.core.errors import OutOfReachError
from tallyio.core.units import Address

BATCH = 1_000
WORD = 32


class ChainReader(Protocol):
    """What the check needs of a chain: one JSON-RPC call."""

    async def call(self, method: str, params: list[Any]) -> Any: ...


Call = tuple[Address, bytes]


@lru_cache(maxsize=256)
def selector(signature: str) -> bytes:
    from eth_utils.crypto import keccak

    return keccak(text=signature)[:4]


@lru_cache(maxsize=64)
def topic(signature: str) -> str:
    from eth_utils.crypto import keccak

    return "0x" + keccak(text=signature).hex()


def encode(signature: str, *arguments: int | str) -> bytes:
    """Calldata for static arguments: ints (two's complement) and addresses."""
    words = [int(a, 16) if isinstance(a, str) else a % (1 << 256) for a in arguments]
    return selector(signature) + b"".join(word.to_bytes(WORD, "big") for word in words)


def word(data: bytes, index: int) -> int:
    return int.from_bytes(data[WORD * index : WORD * index + WORD], "big")


def signed(value: int) -> int:
    return value - (1 << 256) if value >> 255 else value


def at(data: bytes, index: int) -> Address:
    """The address in word ``index``."""
    return Address("0x" + data[WORD * index + 12 : WORD * index + WORD].hex())


class Views:
    """Reads of one chain. ``block`` is a number; every answer is as of its end."""

    def __init__(self, reader: ChainReader, multicall3: Address) -> None:
        self.reader = reader
        self._multicall3 = multicall3

    async def many(self, calls: Sequence[Call], block: int, batch: int = BATCH) -> list[bytes | None]:
        """One answer a call, in order; None where the call reverted or answered nothing."""
        from eth_abi.abi import decode
        from eth_abi.abi import encode as abi_encode

        answers: list[bytes | None] = []
        for start in range(0, len(calls), batch):
            some = [(target, True, data) for target, data in calls[start : start + batch]]
            data = selector("aggregate3((address,bool,bytes)[])") + abi_encode(["(address,bool,bytes)[]"], [some])
            raw = await self._eth_call(self._multicall3, data, block)
            (results,) = decode(["(bool,bytes)[]"], raw)
            answers.extend(value if ok and value else None for ok, value in results)
        return answers

    async def all(self, calls: Sequence[Call], block: int, batch: int = BATCH) -> list[bytes]:
        """As ``many``, where no call may fail."""
        answers = await self.many(calls, block, batch)
        found = [answer for answer in answers if answer is not None]
        if len(found) != len(answers):
            target, data = calls[answers.index(None)]
            raise OutOfReachError(
                f"contract {target} answered nothing to 0x{data[:4].hex()} at block {block}",
                todo="Check the addresses of the report against the chain",
            )
        return found

    async def _eth_call(self, to: Address, data: bytes, block: int) -> bytes:
        params: list[Any] = [{"to": to, "data": "0x" + data.hex()}, hex(block)]
        answer = await self.reader.call("eth_call", params)
        if not isinstance(answer, str) or len(answer) <= 2:
            raise OutOfReachError(
                f"expected Multicall3 at {to}, found no answer at block {block}", todo="Check its address"
            )
        return bytes.fromhex(answer[2:])

    async def logs(self, address: Address, topic0: str, first: int, last: int) -> list[dict[str, Any]]:
        query = {"address": address, "topics": [topic0], "fromBlock": hex(first), "toBlock": hex(last)}
        found: list[dict[str, Any]] = await self.reader.call("eth_getLogs", [query])
        return found
