"""Giving an account tokens on a fork, where nobody has to be asked for them."""

from tallyio.core.errors import BugError
from tallyio.core.units import Address
from tallyio.simulation.fork import Fork
from tallyio.simulation.records import InexactError

_BALANCE_OF = bytes.fromhex("70a08231")


def token_balance(fork: Fork, token: Address, of: Address) -> int:
    """Raises ``InexactError`` where the token does not tell."""
    answer = fork.call(token, _balance_of(of))
    if not answer.success or len(answer.output) < 32:
        raise InexactError(f"token {token} does not tell the balance of {of}")
    return int.from_bytes(answer.output[:32])


def deal(fork: Fork, token: Address, to: Address, amount: int) -> None:
    """From here on ``to`` has ``amount`` of ``token``; who else has how much and the total stay as they are.

    The slot is the one among those that ``balanceOf`` reads with which it answers ``amount``. Raises ``InexactError``
    for a token that keeps balances otherwise.
    """
    if not 0 <= amount < 1 << 256:
        raise BugError(f"amount is {amount}, expected 0 to 2**256 - 1")
    before = fork.snapshot()
    for contract, slot in sorted(fork.reads(token, _balance_of(to))):
        fork.set_storage(contract, slot, amount)
        answer = fork.call(token, _balance_of(to))
        if answer.success and answer.output[:32] == amount.to_bytes(32):
            return
        fork.revert(before)
    raise InexactError(f"token {token} keeps no balance that can be set on a fork")


def _balance_of(of: Address) -> bytes:
    return _BALANCE_OF + bytes.fromhex(of[2:]).rjust(32, b"\0")
