"""What the signer will sign. It judges the decoded bytes themselves, not what the caller says about them."""

from typing import Protocol

import msgspec

from tallyio.core.errors import RefusedError
from tallyio.core.units import Address
from tallyio.wallet.transaction import UnsignedTransaction

EXECUTE = bytes.fromhex("61461954")
"""``execute()``, whose arguments follow packed"""
WITHDRAW = bytes.fromhex("69328dec")
"""``withdraw(address,uint256,address)``"""
EMERGENCY_EXIT = bytes.fromhex("af33fc62")
"""``emergencyExit(address[])``"""


class Policy(Protocol):
    def check(self, tx: UnsignedTransaction) -> None:
        """Raise ``RefusedError`` unless ``tx`` may be signed."""
        ...


class ExecutorPolicy(msgspec.Struct, frozen=True):
    """Only calls of the executor's own functions, on one chain, within fees. Money leaves by ``withdraw_to`` alone.

    ``withdraw_to`` are the addresses that ``withdraw`` may name; an emergency exit always pays the owner.
    """

    chain_id: int
    executor: Address
    max_fee_wei: int
    max_gas: int
    max_value_wei: int = 0
    selectors: frozenset[bytes] = frozenset({EXECUTE, WITHDRAW, EMERGENCY_EXIT})
    withdraw_to: frozenset[Address] = frozenset()

    def check(self, tx: UnsignedTransaction) -> None:
        _bounds(tx, self.chain_id, self.max_fee_wei, self.max_gas, self.max_value_wei)
        if tx.to != self.executor:
            _refuse("a call of", tx.to or "a contract creation", f"the executor {self.executor}")
        if (selector := tx.data[:4]) not in self.selectors:
            allowed = ", ".join("0x" + known.hex() for known in sorted(self.selectors))
            _refuse("the function", f"0x{selector.hex()}", f"one of {allowed}")
        if selector == WITHDRAW and "0x" + tx.data[80:100].hex() not in self.withdraw_to:
            _refuse("a withdrawal to", f"0x{tx.data[80:100].hex()}", "one of the wallet's own addresses")


class DeploymentPolicy(msgspec.Struct, frozen=True):
    """Only the creation of one contract, whose code and arguments are known beforehand, without value."""

    chain_id: int
    creation_data: bytes
    max_fee_wei: int
    max_gas: int

    def check(self, tx: UnsignedTransaction) -> None:
        _bounds(tx, self.chain_id, self.max_fee_wei, self.max_gas, 0)
        if tx.to is not None:
            _refuse("a call of", tx.to, "a contract creation")
        if tx.data != self.creation_data:
            _refuse("creation code of", f"{len(tx.data)} bytes", "the executor's code")


def _bounds(tx: UnsignedTransaction, chain_id: int, max_fee_wei: int, max_gas: int, max_value_wei: int) -> None:
    if tx.chain_id != chain_id:
        _refuse("chain id", tx.chain_id, chain_id)
    if tx.max_fee_wei > max_fee_wei:
        _refuse("a fee cap in wei per gas of", tx.max_fee_wei, f"at most {max_fee_wei}")
    if tx.priority_fee_wei > tx.max_fee_wei:
        _refuse("a priority fee of", tx.priority_fee_wei, f"at most the fee cap {tx.max_fee_wei}")
    if tx.gas_limit > max_gas:
        _refuse("a gas limit of", tx.gas_limit, f"at most {max_gas}")
    if tx.value_wei > max_value_wei:
        _refuse("a value in wei of", tx.value_wei, f"at most {max_value_wei}")


def _refuse(what: str, found: object, expected: object) -> None:
    raise RefusedError(
        f"the signing policy refused {what} {found}, expected {expected}",
        todo="Change the policy's limits in the configuration if this is meant",
    )
