"""Building a bundle from signed transactions, and its form on the wire (``eth_sendBundle``)."""

import uuid
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

import msgspec

from tallyio.chains.signed import SignedTransaction, decode
from tallyio.core.errors import BugError
from tallyio.core.ids import content_id
from tallyio.core.trade import Bundle

MAX_TRANSACTIONS = 100
MAX_BYTES = 300_000
"""Limits that Ethereum's relays publish for one bundle."""


class OwnTransaction(msgspec.Struct, frozen=True):
    """A transaction that we signed for an opportunity, and the profit we expect of it."""

    raw: bytes
    opportunity_id: str
    predicted_net_wei: int


def make_bundle(
    target_block: int, transactions: Sequence[OwnTransaction | bytes], *, replacement_uuid: str = ""
) -> Bundle:
    """Our transactions and others' (``bytes``, for example the victim of a backrun), in the order of inclusion.

    The id follows from the target block and the transactions. Raises ``BugError`` when nothing in it is ours, when
    it exceeds a relay's limits, or when the nonces of one sender do not follow each other.
    """
    raws = [item.raw if isinstance(item, OwnTransaction) else bytes(item) for item in transactions]
    _check_limits(raws)
    decoded = [decode(raw) for raw in raws]
    _check_nonces(decoded)
    own = [(item, tx) for item, tx in zip(transactions, decoded, strict=True) if isinstance(item, OwnTransaction)]
    if not own:
        raise BugError("expected at least one transaction of our own in a bundle, found none")
    return Bundle(
        id=content_id("bundle", target_block, tuple(raws)),
        target_block=target_block,
        transactions=tuple(raws),
        own=tuple(tx.hash for _, tx in own),
        opportunity_ids=tuple(item.opportunity_id for item, _ in own),
        predicted_net_wei=tuple(item.predicted_net_wei for item, _ in own),
        nonces=tuple(tx.nonce for _, tx in own),
        replacement_uuid=replacement_uuid,
    )


def replacement_uuid(*parts: object) -> str:
    """A version 4 UUID that follows from ``parts``, so that a restarted searcher names the same bundle alike."""
    return str(uuid.UUID(bytes=blake2b(content_id(*parts).encode(), digest_size=16).digest(), version=4))


def to_wire(bundle: Bundle) -> dict[str, Any]:
    """The parameter object of ``eth_sendBundle``."""
    wire: dict[str, Any] = {
        "txs": ["0x" + raw.hex() for raw in bundle.transactions],
        "blockNumber": hex(bundle.target_block),
    }
    if bundle.replacement_uuid:
        wire["replacementUuid"] = bundle.replacement_uuid
    return wire


def _check_limits(raws: list[bytes]) -> None:
    if not 0 < len(raws) <= MAX_TRANSACTIONS:
        raise BugError(f"expected 1 to {MAX_TRANSACTIONS} transactions in a bundle, found {len(raws)}")
    if (size := sum(map(len, raws))) > MAX_BYTES:
        raise BugError(f"expected at most {MAX_BYTES} bytes of transactions in a bundle, found {size}")


def _check_nonces(decoded: list[SignedTransaction]) -> None:
    following: dict[str, int] = {}
    for tx in decoded:
        if (expected := following.get(tx.sender, tx.nonce)) != tx.nonce:
            raise BugError(f"expected nonce {expected} of {tx.sender} next in the bundle, found {tx.nonce}")
        following[tx.sender] = tx.nonce + 1
