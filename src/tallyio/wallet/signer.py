"""Signing: the one place that holds a key."""

from typing import NoReturn, Protocol

from tallyio.chains.addresses import address_of
from tallyio.chains.keccak import keccak256
from tallyio.core.errors import BugError
from tallyio.core.units import Address
from tallyio.hot_path.signing.eip1559 import payload
from tallyio.hot_path.signing.key import Key
from tallyio.wallet.policy import Policy
from tallyio.wallet.transaction import SignedTransaction, UnsignedTransaction, decode, fields, sealed


class Signer(Protocol):
    """Signs EIP-1559 transactions for ``address`` as far as its policy allows."""

    @property
    def address(self) -> Address: ...

    def sign(self, tx: UnsignedTransaction) -> SignedTransaction:
        """Raises ``RefusedError`` when the policy says no, or for a field out of its type's bounds."""
        ...


class KeystoreSigner:
    """Signs with a key in memory, which shows in no repr, log, pickle or copy.

    The bytes to be signed are decoded again and the policy judges what was decoded.
    """

    __slots__ = ("__address", "__key", "__policy")

    def __init__(self, private_key: bytes | Key, policy: Policy) -> None:
        """Raises ``RefusedError``, which does not show it, for bytes that are no key."""
        self.__key = private_key if isinstance(private_key, Key) else Key(private_key)
        self.__address = address_of(self.__key.public_key())
        self.__policy = policy

    @property
    def address(self) -> Address:
        return self.__address

    def with_policy(self, policy: Policy) -> "KeystoreSigner":
        """The same key under another policy (for example to deploy the executor before it can be called)."""
        return KeystoreSigner(self.__key, policy)

    def sign(self, tx: UnsignedTransaction) -> SignedTransaction:
        items = fields(tx)
        message = payload(items)
        self.__policy.check(decode(message))
        return sealed(items, *self.__key.sign(keccak256(message)))

    def __repr__(self) -> str:
        return f"KeystoreSigner({self.__address})"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise BugError("a signer cannot be pickled or copied: it holds a key")
