"""Whose pool a contract is, proved by its own address (CREATE2, EIP-1014): no storage of the factory is needed."""

import msgspec

from tallyio.core.units import Address
from tallyio.hot_path.hashes.digest import keccak256
from tallyio.protocols.dex.deployments import Deployment


class Factory(msgspec.Struct, frozen=True):
    """``init_code_hash``: of the code that creates its pools, as the exchange's periphery library names it; empty where
    it is not known, then no address can be proved. ``deployer`` creates the pools where the factory itself does not."""

    deployment: Deployment
    init_code_hash: bytes
    deployer: Address | None = None

    def pair(self, token0: Address, token1: Address) -> Address | None:
        """Where a v2 fork puts its pair: the salt is the packed tokens."""
        return self._at(keccak256(_raw(token0) + _raw(token1)))

    def pool(self, token0: Address, token1: Address, fee_pips: int) -> Address | None:
        """Where a v3 fork puts its pool: the salt is the ABI encoding of tokens and fee."""
        words = _raw(token0).rjust(32, b"\0") + _raw(token1).rjust(32, b"\0") + fee_pips.to_bytes(32)
        return self._at(keccak256(words))

    def _at(self, salt: bytes) -> Address | None:
        if not self.init_code_hash:
            return None
        creator = self.deployer or self.deployment.factory
        digest = keccak256(b"\xff" + _raw(creator) + salt + self.init_code_hash)
        return Address("0x" + digest[12:].hex())


def _raw(at: Address) -> bytes:
    return bytes.fromhex(at[2:])
