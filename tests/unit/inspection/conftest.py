"""Small blocks made by hand."""

from collections.abc import Callable

import pytest

from tallyio.core.units import Address, Hash32
from tallyio.inspection.activity import WRAPPED_NATIVE, BlockActivity, Reserves, Swap, Transaction, Transfer

WETH = WRAPPED_NATIVE[1]
PROPOSER = Address("0x" + "99" * 20)


def account(number: int) -> Address:
    return Address(f"0x{number:040x}")


SwapMaker = Callable[..., Swap]
TxMaker = Callable[..., Transaction]
BlockMaker = Callable[..., BlockActivity]


@pytest.fixture
def swap() -> SwapMaker:
    """``swap(order, pool, token_in, amount_in, token_out, amount_out)``; accounts as numbers, 0 is wrapped coin."""

    def make(
        order: int, pool: int, token_in: int, amount_in: int, token_out: int, amount_out: int, *, by: int = 500
    ) -> Swap:
        sold, bought = (account(t) if t else WETH for t in (token_in, token_out))
        who = account(by)
        return Swap(
            order, (order,), "uniswap_v2", account(pool), who, who, sold, amount_in, bought, amount_out, amount_in
        )

    return make


@pytest.fixture
def tx() -> TxMaker:
    """``tx(index, *swaps)`` of account ``sender``, which uses 100 gas at 7 wei."""

    def make(
        index: int,
        *swaps: Swap,
        sender: int = 700,
        to: int = 500,
        transfers: tuple[Transfer, ...] = (),
        reserves: tuple[Reserves, ...] = (),
    ) -> Transaction:
        return Transaction(
            hash=Hash32(f"0x{index:064x}"),
            index=index,
            sender=account(sender),
            to=account(to),
            succeeded=True,
            gas_used=100,
            effective_gas_price=7,
            transfers=transfers,
            swaps=swaps,
            reserves=reserves,
        )

    return make


@pytest.fixture
def block() -> BlockMaker:
    """``block(*transactions)`` with a base fee of 5 wei."""

    def make(*transactions: Transaction, native_seen: bool = True) -> BlockActivity:
        return BlockActivity(
            number=1,
            proposer=PROPOSER,
            base_fee=5,
            native=WETH,
            native_seen=native_seen,
            transactions=transactions,
        )

    return make
