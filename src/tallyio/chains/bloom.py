"""The 2048-bit filter of a block header over the addresses and topics of its logs (Yellow Paper, section 4.3.1)."""

from collections.abc import Iterable
from functools import lru_cache

from tallyio.chains.keccak import keccak256
from tallyio.core.chain import Log


@lru_cache(maxsize=1 << 16)
def _bits(entry: bytes) -> int:
    digest = keccak256(entry)
    bits = 0
    for i in (0, 2, 4):
        bits |= 1 << (int.from_bytes(digest[i : i + 2], "big") & 2047)
    return bits


def logs_bloom(logs: Iterable[Log]) -> bytes:
    """256 bytes: what the header's ``logsBloom`` must be when ``logs`` are all logs of the block."""
    bloom = 0
    for log in logs:
        bloom |= _bits(bytes.fromhex(log.address[2:]))
        for topic in log.topics:
            bloom |= _bits(bytes.fromhex(topic[2:]))
    return bloom.to_bytes(256, "big")
