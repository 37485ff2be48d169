"""A transaction's call tree, as traces tell it, and the transfers in it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from tallyio.core.units import ZERO_ADDRESS, Address
from tallyio.inspection.abi import account, selector, word
from tallyio.inspection.activity import NATIVE, Place, Transfer

TRANSFER = selector("transfer(address,uint256)")
TRANSFER_FROM = selector("transferFrom(address,address,uint256)")
ON_LIQUIDATION = selector("transferOnLiquidation(address,address,uint256)")
"""Aave's aTokens, when a liquidator takes them as they are."""
DEPOSIT = selector("deposit()")
WITHDRAW = selector("withdraw(uint256)")
BALANCE_OF = selector("balanceOf(address)")


@dataclass
class Call:
    """One call. ``order`` is its place in the transaction's calls, ``end`` the last order within it."""

    order: int
    place: Place
    kind: str
    """``call``, ``staticcall``, ``delegatecall``, ``callcode``, ``create`` or ``suicide``."""
    sender: Address
    to: Address
    value: int
    data: bytes
    output: bytes
    failed: bool
    """Its effects are undone: it, or a call around it, failed."""
    children: list["Call"] = field(default_factory=list)
    end: int = 0
    passed_on: bool = False
    """The call around it has the same calldata."""

    @property
    def selector(self) -> bytes:
        return self.data[:4]

    @property
    def arguments(self) -> bytes:
        return self.data[4:]

    def walk(self) -> Iterator["Call"]:
        """This call and all within it, in the order in which they began."""
        stack = [self]
        while stack:
            call = stack.pop()
            yield call
            stack.extend(reversed(call.children))

    def balances_read(self) -> list[tuple[Address, int]]:
        """Tokens and balances that the callee asked of its own, in order (direct calls alone)."""
        return [
            (child.to, word(child.output, 0))
            for child in self.children
            if child.selector == BALANCE_OF
            and len(child.arguments) >= 32
            and child.arguments[12:32].hex() == self.to[2:]
            and len(child.output) >= 32
        ]


def transfers_of(root: Call, wrapped: Address) -> tuple[Transfer, ...]:
    """Every transfer of a token or of the coin within ``root``, undone ones marked.

    A token moves what it was told to when its call ends: by then it may itself have traded (its ``order`` tells).
    """
    found = [transfer for call in root.walk() for transfer in _transfers(call, wrapped)]
    return tuple(sorted(found, key=lambda t: t.order))


def _transfers(call: Call, wrapped: Address) -> Iterator[Transfer]:
    if call.kind not in ("call", "create", "suicide"):
        return
    at, undone = call.order, call.failed
    if call.value:
        yield Transfer(at, NATIVE, call.sender, call.to, call.value, undone)
    if call.kind != "call":
        return
    if call.to == wrapped:
        if call.value and (call.selector == DEPOSIT or not call.data):
            yield Transfer(at, wrapped, ZERO_ADDRESS, call.sender, call.value, undone)
        elif call.selector == WITHDRAW and len(call.arguments) >= 32:
            yield Transfer(at, wrapped, call.sender, ZERO_ADDRESS, word(call.arguments, 0), undone)
    if len(call.output) == 32 and not any(call.output):
        return  # the token said no
    if call.passed_on:
        return  # a token behind a proxy that calls it with the same words
    at = call.end
    try:
        if call.selector == TRANSFER:
            to, amount = account(call.arguments, 0), word(call.arguments, 1)
            yield Transfer(at, call.to, call.sender, to, amount, undone)
        elif call.selector in (TRANSFER_FROM, ON_LIQUIDATION):
            payer, to = account(call.arguments, 0), account(call.arguments, 1)
            yield Transfer(at, call.to, payer, to, word(call.arguments, 2), undone)
    except ValueError:
        return  # another function with the same selector
