"""Names for what a number or a string means. They cost nothing at run time and let mypy keep units apart.

Addresses and hashes are lower-case 0x-prefixed hex strings everywhere inside TallyIO; a checksummed
spelling appears only where a person reads it. Token amounts are plain ints in the token's smallest unit and
carry that in their name (``amount_wei`` for ether and WETH, ``amount_in`` next to ``token_in`` elsewhere).
"""

from typing import NewType

Address = NewType("Address", str)
Hash32 = NewType("Hash32", str)

BPS = 10_000
"""Basis points in one."""
PIPS = 1_000_000
"""Hundredths of a basis point in one: the unit of Uniswap v3 fees (3000 = 0.30 %)."""
ETHER = 10**18
UINT64_MAX = 2**64 - 1
UINT112_MAX = 2**112 - 1
UINT128_MAX = 2**128 - 1
UINT256_MAX = 2**256 - 1
ZERO_ADDRESS = Address("0x" + "00" * 20)


def address(value: str | bytes) -> Address:
    """Normalise 20 bytes, a checksummed or lower-case address, or a 32-byte topic to an ``Address``.

    Raises ``ValueError`` when the value has another length or is not hex.
    """
    raw = value if isinstance(value, bytes) else bytes.fromhex(value.removeprefix("0x"))
    if len(raw) == 32 and not any(raw[:12]):
        raw = raw[12:]
    if len(raw) != 20:
        raise ValueError(f"expected an address of 20 bytes, found {len(raw)} bytes")
    return Address("0x" + raw.hex())
