"""Names of the ledger's accounts, and ether's name among the tokens."""

from tallyio.core.units import ZERO_ADDRESS, Address

NATIVE = ZERO_ADDRESS
"""Ether (or the chain's own coin) in the column of tokens."""

OWNER = "assets:owner"
EXECUTOR = "assets:executor"
GAS = "expenses:gas"
BID = "expenses:bid"
OPENING = "equity:opening"
UNATTRIBUTED = "unattributed"
"""The strategy of a trade that the journal knows nothing about."""

_INCOME = "income:"


def income(strategy: str) -> str:
    return _INCOME + (strategy or UNATTRIBUTED)


def is_income(account: str) -> bool:
    return account.startswith(_INCOME)


def external(address: Address) -> str:
    """Everybody else: what came from them or went to them."""
    return f"external:{address}"
