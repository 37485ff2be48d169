"""Where bundles go: one Protocol, sibling relays.

A send has three ends. *accepted*: the relay answered with a result. *rejected*: it certainly does not hold the bundle
(it said so, or no connection was made). *unknown*: the request went out and no sensible answer came back, so the
bundle may or may not be there; only a receipt or the nonce tells (``execution.tracking``).
"""

from collections.abc import Callable
from typing import Any, Protocol

import aiohttp
import msgspec

from tallyio.core.errors import OutOfReachError, RefusedError
from tallyio.core.trade import Bundle, Submission
from tallyio.core.units import Hash32
from tallyio.core.untrusted import decode_json
from tallyio.execution.bundle import to_wire
from tallyio.execution.identity import HEADER, Authenticator

ACCEPTED, REJECTED, UNKNOWN = "accepted", "rejected", "unknown"
INTERNAL_ERROR = -32603
ALREADY_THERE = ("already known", "already imported", "already in mempool")
"""What nodes say to a transaction that they hold: sent twice is sent."""


class SimulatedTransaction(msgspec.Struct, frozen=True):
    """``error`` is empty for a transaction that succeeded."""

    hash: Hash32
    gas_used: int
    coinbase_diff_wei: int
    error: str = ""


class SimulatedBundle(msgspec.Struct, frozen=True):
    """A relay's word on what a bundle would do on the state after ``state_block``."""

    bundle_hash: Hash32
    state_block: int
    coinbase_diff_wei: int
    gas_used: int
    transactions: tuple[SimulatedTransaction, ...]

    @property
    def success(self) -> bool:
        return not any(tx.error for tx in self.transactions)


class Relay(Protocol):
    """A way to the builders of blocks."""

    @property
    def name(self) -> str: ...

    @property
    def binds_target(self) -> bool:
        """Whether a bundle can land in its target block only; else it waits until its nonce is used."""
        ...

    async def send_bundle(self, bundle: Bundle) -> Submission:
        """Hand the bundle over. Never raises for the relay's or the network's sake."""
        ...

    async def cancel(self, replacement_uuid: str) -> bool:
        """Withdraw what was sent under this UUID; False when the relay holds nothing or cannot withdraw.

        Raises ``OutOfReachError`` when the answer was lost.
        """
        ...

    async def simulate(self, bundle: Bundle, state_block: int) -> SimulatedBundle:
        """Raises ``RefusedError`` when the relay refuses or cannot simulate, ``OutOfReachError`` without an answer."""
        ...


class FlashbotsRelay:
    """A relay or builder that speaks Flashbots' JSON-RPC: ``eth_sendBundle``, ``eth_cancelBundle``, ``eth_callBundle``.

    ``authenticate`` signs each body; ``timeout_s`` bounds each request whole. The session is the caller's to close.
    """

    binds_target = True

    def __init__(
        self,
        url: str,
        authenticate: Authenticator,
        session: aiohttp.ClientSession,
        *,
        name: str = "flashbots",
        timeout_s: float = 2.0,
    ) -> None:
        self.name = name
        self._link = _Link(name, url, session, timeout_s, authenticate)

    async def send_bundle(self, bundle: Bundle) -> Submission:
        return await self._link.submit(bundle, "eth_sendBundle", to_wire(bundle), _bundle_hash)

    async def cancel(self, replacement_uuid: str) -> bool:
        try:
            await self._link.call("eth_cancelBundle", {"replacementUuid": replacement_uuid})
        except RefusedError:
            return False
        return True

    async def simulate(self, bundle: Bundle, state_block: int) -> SimulatedBundle:
        wire = to_wire(bundle) | {"stateBlockNumber": hex(state_block)}
        wire.pop("replacementUuid", None)
        answer = await self._link.call("eth_callBundle", wire)
        try:
            return SimulatedBundle(
                Hash32(answer["bundleHash"]),
                int(answer["stateBlockNumber"]),
                int(answer["coinbaseDiff"]),
                int(answer["totalGasUsed"]),
                tuple(_simulated(result) for result in answer["results"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as e:
            raise OutOfReachError(f"relay {self.name} answered eth_callBundle with an unknown shape: {e!r}") from e


class PublicMempool:
    """The public mempool of a node: bundles of one transaction of our own, visible to everyone.

    ``target_block`` does not bind here: the transaction may land in any later block. It cannot be withdrawn.
    """

    binds_target = False

    def __init__(
        self, url: str, session: aiohttp.ClientSession, *, name: str = "public", timeout_s: float = 2.0
    ) -> None:
        self.name = name
        self._link = _Link(name, url, session, timeout_s, None)

    async def send_bundle(self, bundle: Bundle) -> Submission:
        if len(bundle.transactions) != 1:
            found = f"expected one transaction, found {len(bundle.transactions)}: the mempool keeps no order"
            return Submission(bundle.id, self.name, REJECTED, found)
        raw = "0x" + bundle.transactions[0].hex()
        sent = await self._link.submit(bundle, "eth_sendRawTransaction", raw, str)
        if sent.status == REJECTED and any(words in sent.detail for words in ALREADY_THERE):
            return Submission(bundle.id, self.name, ACCEPTED, bundle.own[0])
        return sent

    async def cancel(self, replacement_uuid: str) -> bool:
        return False

    async def simulate(self, bundle: Bundle, state_block: int) -> SimulatedBundle:
        raise RefusedError(f"{self.name} cannot simulate", todo="Use a relay with eth_callBundle")


class _NotSentError(OutOfReachError):
    """No connection was made, so the request certainly did not arrive."""


class _Link:
    """One JSON-RPC endpoint: signs, posts, and tells the three ends apart."""

    def __init__(
        self, name: str, url: str, session: aiohttp.ClientSession, timeout_s: float, authenticate: Authenticator | None
    ) -> None:
        self._name, self._url, self._session = name, url, session
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._authenticate = authenticate
        self._next_id = 0

    async def submit(self, bundle: Bundle, method: str, parameter: Any, detail: Callable[[Any], str]) -> Submission:
        try:
            answer = await self.call(method, parameter)
            return Submission(bundle.id, self._name, ACCEPTED, detail(answer))
        except (RefusedError, _NotSentError) as e:
            return Submission(bundle.id, self._name, REJECTED, e.message)
        except OutOfReachError as e:
            return Submission(bundle.id, self._name, UNKNOWN, e.message)

    async def call(self, method: str, parameter: Any) -> Any:
        self._next_id += 1
        request_id = self._next_id
        body = msgspec.json.encode({"jsonrpc": "2.0", "id": request_id, "method": method, "params": [parameter]})
        headers = {"Content-Type": "application/json"}
        if self._authenticate:
            headers[HEADER] = self._authenticate(body)
        try:
            async with self._session.post(self._url, data=body, headers=headers, timeout=self._timeout) as response:
                status, text = response.status, await response.read()
        except (aiohttp.ClientConnectorError, aiohttp.InvalidURL, aiohttp.ConnectionTimeoutError) as e:
            raise _NotSentError(f"relay {self._name} cannot be reached: {type(e).__name__}") from e
        except TimeoutError as e:
            raise OutOfReachError(f"relay {self._name} did not answer {method} in {self._timeout.total} s") from e
        except aiohttp.ClientError as e:
            raise OutOfReachError(f"relay {self._name} broke off during {method}: {type(e).__name__}") from e
        return self._read(method, request_id, status, text)

    def _read(self, method: str, request_id: int, status: int, text: bytes) -> Any:
        try:
            answer = decode_json(text)
        except ValueError:
            answer = None
        if isinstance(answer, dict) and answer.get("error"):
            error = answer["error"]
            words = error.get("message", error) if isinstance(error, dict) else error
            internal = isinstance(error, dict) and error.get("code") == INTERNAL_ERROR
            if status < 500 and not internal:
                raise RefusedError(f"relay {self._name} refused {method}: {_short(words)}")
            raise OutOfReachError(f"relay {self._name} failed at {method} (HTTP {status}): {_short(words)}")
        if isinstance(answer, dict) and "result" in answer and answer.get("id") == request_id and status == 200:
            return answer["result"]
        if 400 <= status < 500:
            raise RefusedError(f"relay {self._name} refused {method} with HTTP {status}: {_short(text)}")
        raise OutOfReachError(f"relay {self._name} answered {method} with HTTP {status} and no JSON-RPC answer")


def _bundle_hash(answer: Any) -> str:
    return str(answer.get("bundleHash", "")) if isinstance(answer, dict) else ""


def _simulated(result: dict[str, Any]) -> SimulatedTransaction:
    error = str(result.get("revert") or result.get("error") or "")
    return SimulatedTransaction(
        Hash32(result["txHash"]), int(result["gasUsed"]), int(result.get("coinbaseDiff", 0)), error
    )


def _short(words: object) -> str:
    text = words.decode(errors="replace") if isinstance(words, bytes) else str(words)
    return " ".join(text.split())[:300]
