"""What passes between the builder's parts."""

import msgspec

from tallyio.chains.signed import SignedTransaction
from tallyio.core.units import Address, Hash32


class Head(msgspec.Struct, frozen=True):
    """The block that the next one builds on."""

    number: int
    hash: Hash32
    timestamp: int
    base_fee_wei: int
    gas_used: int
    gas_limit: int


class Slot(msgspec.Struct, frozen=True):
    """The block to be built: everything that its transactions can see of it."""

    parent: Head
    timestamp: int
    base_fee_wei: int
    coinbase: Address

    @property
    def number(self) -> int:
        return self.parent.number + 1

    @property
    def gas_limit(self) -> int:
        return self.parent.gas_limit


class StoredBundle(msgspec.Struct, frozen=True):
    """A bundle as a searcher sent it. ``signer`` is the identity that signed the request; ``arrival`` orders ties."""

    hash: Hash32
    transactions: tuple[SignedTransaction, ...]
    target_block: int
    signer: Address
    arrival: int
    min_timestamp: int = 0
    max_timestamp: int = 0
    reverting: frozenset[Hash32] = frozenset()
    replacement_uuid: str = ""


class Effect(msgspec.Struct, frozen=True):
    """What one transaction did in a simulated block.

    ``proposer_wei`` is the change of the coinbase's balance, priority fee and direct payments together.
    """

    success: bool
    gas_used: int
    proposer_wei: int
    returned: bytes
    error: str = ""


class Placed(msgspec.Struct, frozen=True):
    """A bundle with its place in the plan: its transactions start at ``first``; ``effects`` in that place."""

    bundle: StoredBundle
    first: int
    effects: tuple[Effect, ...]

    @property
    def value_wei(self) -> int:
        return sum(effect.proposer_wei for effect in self.effects)


class Plan(msgspec.Struct, frozen=True):
    """A block in its exact order. ``failed`` gives each refused bundle's reason; what is not here stays pending."""

    slot: Slot
    transactions: tuple[SignedTransaction, ...]
    bundles: tuple[Placed, ...]
    failed: tuple[tuple[StoredBundle, str], ...]


class BundleReport(msgspec.Struct, frozen=True):
    hash: Hash32
    transactions: tuple[Hash32, ...]
    proposer_wei: int
    signer: Address
    replacement_uuid: str = ""


class BlockReport(msgspec.Struct, frozen=True):
    """What landed in a block. ``dropped`` lists hashes of blocks that this one's branch replaced, newest first."""

    number: int
    hash: Hash32
    parent_hash: Hash32
    timestamp: int
    coinbase: Address
    gas_used: int
    transactions: tuple[Hash32, ...]
    bundles: tuple[BundleReport, ...]
    failed: tuple[tuple[Hash32, str], ...]
    dropped: tuple[Hash32, ...] = ()
