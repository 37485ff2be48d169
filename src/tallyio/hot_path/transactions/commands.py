"""The commands of Universal Router plans: one byte each, of which the highest bit permits failure.

Source: Uniswap ``universal-router`` ``Commands.sol``.
"""

from enum import IntEnum


class Command(IntEnum):
    V3_SWAP_EXACT_IN = 0x00
    V3_SWAP_EXACT_OUT = 0x01
    PERMIT2_TRANSFER_FROM = 0x02
    PERMIT2_PERMIT_BATCH = 0x03
    SWEEP = 0x04
    TRANSFER = 0x05
    PAY_PORTION = 0x06
    V2_SWAP_EXACT_IN = 0x08
    V2_SWAP_EXACT_OUT = 0x09
    PERMIT2_PERMIT = 0x0A
    WRAP_ETH = 0x0B
    UNWRAP_WETH = 0x0C
    PERMIT2_TRANSFER_FROM_BATCH = 0x0D
    BALANCE_CHECK_ERC20 = 0x0E
    EXECUTE_SUB_PLAN = 0x21


MAY_FAIL = 0x80
SKIPPED = (
    Command.PERMIT2_TRANSFER_FROM,
    Command.PERMIT2_PERMIT_BATCH,
    Command.TRANSFER,
    Command.PAY_PORTION,
    Command.PERMIT2_PERMIT,
    Command.WRAP_ETH,
    Command.PERMIT2_TRANSFER_FROM_BATCH,
)
"""They move tokens and permissions, no pool."""
CONDITIONS = (Command.SWEEP, Command.BALANCE_CHECK_ERC20)
