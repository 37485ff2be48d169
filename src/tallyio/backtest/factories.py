"""Whose pool a contract is, proved by its own address (CREATE2, EIP-1014): no storage of the factory is needed."""

import msgspec

from tallyio.core.pools import V2, V3
from tallyio.core.units import Address
from tallyio.hot_path.hashes.digest import keccak256
from tallyio.protocols.dex.deployments import Deployment


class Factory(msgspec.Struct, frozen=True):
    """``init_code_hash``: of the code that creates its pools, as the exchange's periphery library names it."""

    deployment: Deployment
    init_code_hash: bytes

    def pair(self, token0: Address, token1: Address) -> Address:
        """Where a v2 fork puts its pair: the salt is the packed tokens."""
        return self._at(keccak256(_raw(token0) + _raw(token1)))

    def pool(self, token0: Address, token1: Address, fee_pips: int) -> Address:
        """Where a v3 fork puts its pool: the salt is the ABI encoding of tokens and fee."""
        words = _raw(token0).rjust(32, b"\0") + _raw(token1).rjust(32, b"\0") + fee_pips.to_bytes(32)
        return self._at(keccak256(words))

    def _at(self, salt: bytes) -> Address:
        digest = keccak256(b"\xff" + _raw(self.deployment.factory) + salt + self.init_code_hash)
        return Address("0x" + digest[12:].hex())


def _raw(at: Address) -> bytes:
    return bytes.fromhex(at[2:])


ETHEREUM = (
    Factory(
        Deployment("uniswap_v2", V2, Address("0x5c69bee701ef814a2b6a3edd4b1652cb9cc5aa6f"), 3000),
        bytes.fromhex("96e8ac4277198ff8b6f785478aa9a39f403cb768dd02cbee326c3e7da348845f"),
    ),
    Factory(
        Deployment("sushiswap_v2", V2, Address("0xc0aee478e3658e2610c5f7a4a2e1777ce9e4f2ac"), 3000),
        bytes.fromhex("e18a34eb0e04b04f7a0ac29a6e80748dca96319b42c54d679cb821dca90c6303"),
    ),
    Factory(
        Deployment("uniswap_v3", V3, Address("0x1f98431c8ad98523631ae4a59f267346ea31f984")),
        bytes.fromhex("e34f199b19b2b4f47f68442619d555527d244f78a3297ea89325f843f87b8b54"),
    ),
)
"""Exchanges whose pools are known on Ethereum."""
