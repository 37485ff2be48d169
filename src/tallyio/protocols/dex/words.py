"""Fields of event data: 32-byte words, and what the ABI lets them be."""

from collections.abc import Sequence

from tallyio.core.chain import Log
from tallyio.core.errors import ChainDataError
from tallyio.core.pools import Pool
from tallyio.core.units import Address


def words(log: Log, topics: int, count: int) -> list[int]:
    """The ``count`` unsigned words of the log's data. Raises ``ChainDataError`` when the log has another shape."""
    if len(log.topics) != topics or len(log.data) != 32 * count:
        raise ChainDataError(
            f"log {log.log_index} of transaction {log.tx_hash} at {log.address}: expected {topics} topics and "
            f"{32 * count} bytes of data, found {len(log.topics)} and {len(log.data)}"
        )
    return [int.from_bytes(log.data[i : i + 32]) for i in range(0, len(log.data), 32)]


def unsigned(value: int, bits: int) -> int:
    """Raises ``ChainDataError`` when the word does not fit the type."""
    if value >> bits:
        raise ChainDataError(f"expected an unsigned number of {bits} bits, found {value:#x}")
    return value


def signed(value: int, bits: int) -> int:
    """Two's complement over the whole word. Raises ``ChainDataError`` when the number does not fit the type."""
    number = value - (1 << 256) if value >> 255 else value
    if not -(1 << (bits - 1)) <= number < 1 << (bits - 1):
        raise ChainDataError(f"expected a signed number of {bits} bits, found {value:#x}")
    return number


def topic(log: Log, index: int) -> int:
    try:
        return int(log.topics[index], 16)
    except (IndexError, ValueError):
        raise ChainDataError(f"log {log.log_index} of transaction {log.tx_hash}: topic {index} is no word") from None


def address_word(value: int) -> Address:
    """Raises ``ChainDataError`` when the upper twelve bytes are not empty."""
    return Address(f"0x{unsigned(value, 160):040x}")


def agree(log: Log, told: int | tuple[int, ...], ours: int | tuple[int, ...]) -> None:
    """Raises ``ChainDataError`` where an event tells otherwise than the model of its pool."""
    if told != ours:
        raise ChainDataError(f"{log.address}: an event tells {told}, expected {ours}")


def paid(pool: Pool, outputs: Sequence[int]) -> tuple[tuple[Address, int], ...]:
    """Of a pool's tokens, by place, those of which more than nothing went out."""
    return tuple((token, amount) for token, amount in zip(pool.tokens, outputs, strict=False) if amount > 0)
