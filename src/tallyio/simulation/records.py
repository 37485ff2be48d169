"""What goes into a run of the local EVM and what comes out."""

from typing import Literal

import msgspec

from tallyio.core.chain import Log
from tallyio.core.errors import ChainDataError
from tallyio.core.units import Address

Rules = Literal["cancun", "prague", "osaka"]
AccessList = tuple[tuple[Address, tuple[int, ...]], ...]


class BlockEnv(msgspec.Struct, frozen=True, kw_only=True):
    """The block in which the transactions run. ``timestamp`` in Unix seconds.

    ``prevrandao`` (32 bytes) is unknown before the block is built: without it, a call that reads it is refused.
    ``rules`` names the hard fork whose gas rules hold.
    """

    number: int
    timestamp: int
    base_fee_wei: int
    gas_limit: int
    coinbase: Address
    chain_id: int
    prevrandao: bytes | None = None
    excess_blob_gas: int = 0
    rules: Rules = "osaka"


class CallTx(msgspec.Struct, frozen=True, kw_only=True):
    """A transaction; ``to`` None deploys ``data``. A legacy one has both fees at its gas price.

    ``nonce`` None takes the sender's next.
    """

    sender: Address
    to: Address | None
    data: bytes
    gas_limit: int
    value_wei: int = 0
    max_fee_wei: int = 0
    priority_fee_wei: int = 0
    nonce: int | None = None
    access_list: AccessList = ()


class Executed(msgspec.Struct, frozen=True):
    """``output`` is what the call returned or reverted with. ``logs`` carry the block's number and zero hashes.

    ``fee_wei`` is what the sender paid for gas, base fee and tip together; ``created`` the deployed contract.
    """

    success: bool
    gas_used: int
    output: bytes
    revert_reason: str
    logs: tuple[Log, ...]
    fee_wei: int
    created: Address | None = None


class NotIncludableError(ChainDataError):
    """The transaction cannot be in the block at all: nonce, funds, fee or gas limit."""


class InexactError(ChainDataError):
    """The call depends on something that the local EVM cannot reproduce to the last gas, so it is refused."""
