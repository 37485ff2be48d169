"""What a liquidator made of it."""

from typing import Any

import msgspec

from tallyio.core.units import Address
from tallyio.inspection.activity import NATIVE, WRAPPED_NATIVE, BlockActivity, Liquidation, Transfer
from tallyio.inspection.liquidation import liquidations

WETH, PROPOSER = WRAPPED_NATIVE[1], Address("0x" + "99" * 20)
MARKET, POOL, DEBT, BORROWER = (Address("0x" + f"{n:02x}" * 20) for n in (0xA1, 0xB2, 0xC3, 0xD4))
LIQUIDATOR = Address(f"0x{500:040x}")


def made(tx: Any, block: Any, *transfers: Transfer) -> BlockActivity:
    each = Liquidation(1, (1,), "aave", MARKET, BORROWER, LIQUIDATOR, DEBT, 700, WETH, 9_000)
    bare = tx(0, transfers=transfers)
    found: BlockActivity = block(msgspec.structs.replace(bare, liquidations=(each,)))
    return found


BOUGHT = (Transfer(0, WETH, LIQUIDATOR, POOL, 5_000), Transfer(1, DEBT, POOL, LIQUIDATOR, 700))
REPAID = Transfer(2, DEBT, LIQUIDATOR, MARKET, 700)
RECEIVED = Transfer(3, WETH, MARKET, LIQUIDATOR, 9_000)


def test_gross_is_what_is_left_in_the_coin_and_net_what_remains_after_costs(tx: Any, block: Any) -> None:
    tip = (Transfer(4, WETH, LIQUIDATOR, Address("0x" + "00" * 20), 300), Transfer(5, NATIVE, WETH, LIQUIDATOR, 300))
    paid = Transfer(6, NATIVE, LIQUIDATOR, PROPOSER, 300)
    (found,) = liquidations(made(tx, block, *BOUGHT, REPAID, RECEIVED, *tip, paid))
    assert (found.gross_wei, found.net_wei) == (4_000, 4_000 - 300 - 700)
    assert found.payment.to_proposer == 300 + 200


def test_debt_from_own_funds_leaves_the_gross_untold(tx: Any, block: Any) -> None:
    (found,) = liquidations(made(tx, block, REPAID, RECEIVED))
    assert (found.gross_wei, found.net_wei) == (None, None)


def test_collateral_that_is_not_seen_leaves_the_gross_untold(tx: Any, block: Any) -> None:
    (found,) = liquidations(made(tx, block, *BOUGHT, REPAID))
    assert found.gross_wei is None
