"""Storage words among view calls: what no view tells is asked as a call of ``STORAGE``, which is no contract.

Who runs the calls sends ``eth_getStorageAt`` in its place. Where that was not done the answer has no bytes.
"""

from tallyio.core.units import Address

STORAGE = Address("0x000000000000000000000000000000005107a6e5")
_WORD = 32


def question(contract: Address, slot: int) -> bytes:
    """Data for the word ``slot`` of ``contract``."""
    return bytes.fromhex(contract[2:]).rjust(_WORD, b"\0") + slot.to_bytes(_WORD)


def asked(data: bytes) -> tuple[Address, int]:
    """The contract and the slot of a ``question``."""
    return Address("0x" + data[12:_WORD].hex()), int.from_bytes(data[_WORD:])
