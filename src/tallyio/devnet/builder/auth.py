"""Who sent a request: the header ``X-Flashbots-Signature``, checked against the exact body."""

from tallyio.core.errors import ChainDataError
from tallyio.core.units import Address
from tallyio.devnet.builder.jsonrpc import UNAUTHORIZED, RpcError
from tallyio.execution.identity import HEADER, recover


def authenticate(header: str | None, body: bytes) -> Address:
    """The identity that signed ``body``. Raises ``RpcError`` when there is none or it does not match."""
    if not header:
        raise RpcError(UNAUTHORIZED, f"missing header {HEADER}: expected <address>:<signature of the body>")
    try:
        return recover(header, body)
    except ChainDataError as e:
        raise RpcError(UNAUTHORIZED, e.message) from e
