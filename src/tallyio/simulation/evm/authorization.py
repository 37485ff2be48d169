"""Accounts that lend their address to code by signature (EIP-7702)."""

from typing import TYPE_CHECKING

import coincurve
import msgspec
import rlp  # type: ignore[import-untyped]

from tallyio.chains.keccak import keccak256
from tallyio.simulation.evm.code import EMPTY_CODE

if TYPE_CHECKING:
    from tallyio.simulation.evm.machine import Machine

_HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
_MAGIC = b"\x05"
_DELEGATION = bytes.fromhex("ef0100")
_REFUND = 12_500  # what an authority that exists costs less than a new one


class Authorization(msgspec.Struct, frozen=True):
    """``address`` a word; zero takes the delegation back. ``chain_id`` zero holds on every chain."""

    chain_id: int
    address: int
    nonce: int
    parity: int
    r: int
    s: int

    def authority(self) -> int | None:
        """Who signed, a word; None where nobody could have."""
        if self.parity > 1 or not 0 < self.s <= _HALF_ORDER or not 0 < self.r < 2**256:
            return None
        payload = _MAGIC + bytes(rlp.encode([self.chain_id, self.address.to_bytes(20), self.nonce]))
        signature = self.r.to_bytes(32) + self.s.to_bytes(32) + bytes([self.parity])
        try:
            key = coincurve.PublicKey.from_signature_and_message(signature, keccak256(payload), hasher=None)
        except Exception:  # coincurve raises bare ``Exception`` where the recovery fails
            return None
        return int.from_bytes(keccak256(key.format(compressed=False)[1:])[12:])


def delegate_all(machine: "Machine", authorizations: tuple[Authorization, ...]) -> int:
    """Apply them in order; those that do not hold are passed over. The gas refunded, whatever the call does."""
    return sum(_delegate(machine, each) for each in authorizations)


def _delegate(machine: "Machine", given: Authorization) -> int:
    if given.chain_id not in (0, machine.block.chain_id) or given.nonce >= 2**64 - 1:
        return 0
    authority = given.authority()
    if authority is None:
        return 0
    state = machine.state
    state.warm.add(authority)
    account = state.account(authority)
    if (account.code.raw and not account.code.raw.startswith(_DELEGATION)) or account.nonce != given.nonce:
        return 0
    refund = 0 if account.empty else _REFUND
    state.set_code(account, machine.code(_DELEGATION + given.address.to_bytes(20)) if given.address else EMPTY_CODE)
    state.set_nonce(account, given.nonce + 1)
    return refund
