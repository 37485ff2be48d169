"""Bundles that wait for their block."""

from collections import Counter
from collections.abc import Sequence

from tallyio.chains.keccak import keccak256
from tallyio.chains.signed import SignedTransaction
from tallyio.core.units import Address, Hash32
from tallyio.devnet.builder.jsonrpc import INVALID_PARAMS, LIMIT_EXCEEDED, REFUSED, RpcError
from tallyio.devnet.builder.records import StoredBundle
from tallyio.execution.bundle import MAX_BYTES, MAX_TRANSACTIONS

Key = tuple[Address, Hash32, str]

MAX_BLOCKS_AHEAD = 25
MAX_WAITING = 10_000
MAX_REMEMBERED = 20_000


def bundle_hash(transactions: Sequence[SignedTransaction]) -> Hash32:
    """Keccak over the transactions' hashes, as Flashbots computes it."""
    return Hash32("0x" + keccak256(b"".join(bytes.fromhex(tx.hash[2:]) for tx in transactions)).hex())


class BundlePool:
    """Bundles by target block. A ``replacementUuid`` belongs to the identity that used it."""

    def __init__(self, counters: Counter[str]) -> None:
        self._counters = counters
        self._by_block: dict[int, dict[Key, StoredBundle]] = {}
        self._by_uuid: dict[tuple[Address, str], StoredBundle] = {}
        self._fates: dict[tuple[Hash32, int], str] = {}

    def __len__(self) -> int:
        return sum(len(bundles) for bundles in self._by_block.values())

    def add(self, bundle: StoredBundle, head: int) -> None:
        """Keep ``bundle``, in place of the one with its UUID. Raises ``RpcError`` when a limit is exceeded."""
        check_limits(bundle.transactions)
        if not head < bundle.target_block <= head + MAX_BLOCKS_AHEAD:
            raise RpcError(
                REFUSED,
                f"blockNumber {bundle.target_block} is out of range, expected {head + 1} to {head + MAX_BLOCKS_AHEAD}",
            )
        if len(self) >= MAX_WAITING:
            raise RpcError(LIMIT_EXCEEDED, f"{MAX_WAITING} bundles are waiting, send again later")
        self._counters["bundles_received"] += 1
        if bundle.replacement_uuid:
            key = (bundle.signer, bundle.replacement_uuid)
            if key in self._by_uuid:
                self._counters["bundles_replaced"] += 1
                self.remove(self._by_uuid[key], "replaced")
            self._by_uuid[key] = bundle
        self._by_block.setdefault(bundle.target_block, {}).setdefault(_key(bundle), bundle)

    def cancel(self, signer: Address, replacement_uuid: str) -> bool:
        bundle = self._by_uuid.get((signer, replacement_uuid))
        if bundle is None:
            return False
        self.remove(bundle, "cancelled")
        self._counters["bundles_cancelled"] += 1
        return True

    def remove(self, bundle: StoredBundle, fate: str) -> None:
        waiting = self._by_block.get(bundle.target_block, {})
        waiting.pop(_key(bundle), None)
        if self._by_uuid.get((bundle.signer, bundle.replacement_uuid)) is bundle:
            del self._by_uuid[bundle.signer, bundle.replacement_uuid]
        self.settle(bundle, fate)

    def for_block(self, number: int) -> list[StoredBundle]:
        return sorted(self._by_block.get(number, {}).values(), key=lambda bundle: bundle.arrival)

    def expire(self, number: int) -> int:
        """Let go of every bundle whose target is ``number`` or earlier; returns how many nobody had settled."""
        late = [b for target, bundles in self._by_block.items() if target <= number for b in bundles.values()]
        for bundle in late:
            self.remove(bundle, "expired")
        for target in [target for target in self._by_block if target <= number]:
            del self._by_block[target]
        return len(late)

    def settle(self, bundle: StoredBundle, fate: str) -> None:
        key = (bundle.hash, bundle.target_block)
        self._fates[key] = "landed" if self._fates.get(key) == "landed" else fate
        while len(self._fates) > MAX_REMEMBERED:
            del self._fates[next(iter(self._fates))]

    def fate(self, bundle: Hash32, target_block: int) -> str:
        """``pending``, ``landed``, ``replaced``, ``cancelled``, ``expired``, why it failed, or ``unknown``."""
        if any(waiting.hash == bundle for waiting in self._by_block.get(target_block, {}).values()):
            return "pending"
        return self._fates.get((bundle, target_block), "unknown")


def _key(bundle: StoredBundle) -> Key:
    return bundle.signer, bundle.hash, bundle.replacement_uuid


def check_limits(transactions: Sequence[SignedTransaction]) -> None:
    if not 0 < len(transactions) <= MAX_TRANSACTIONS:
        raise RpcError(INVALID_PARAMS, f"txs: expected 1 to {MAX_TRANSACTIONS}, found {len(transactions)}")
    if (size := sum(len(tx.raw) for tx in transactions)) > MAX_BYTES:
        raise RpcError(INVALID_PARAMS, f"txs: expected at most {MAX_BYTES} bytes, found {size}")
    if len({tx.hash for tx in transactions}) != len(transactions):
        raise RpcError(INVALID_PARAMS, "txs: the same transaction stands in it twice")
