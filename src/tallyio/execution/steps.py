"""One step of a route as the bytes that the executor contract reads (layout: ``contracts/src/types/Step.sol``)."""

from typing import Final, Literal

from tallyio.core.errors import BugError, RefusedError
from tallyio.core.pools import V2, V3
from tallyio.core.trade import FlashLoan, LiquidateStep, Step, SwapStep
from tallyio.core.units import UINT128_MAX, Address

V2_SWAP: Final = 1
V3_SWAP: Final = 2
V2_FLASH: Final = 3
V3_FLASH: Final = 4
AAVE_FLASH: Final = 5
AAVE_LIQUIDATE: Final = 6

EXACT_OUT: Final = 0x10
FORWARD: Final = 0x20
PREPAID: Final = 0x40

SWAP_SIZE: Final = 94
FLASH_SWAP_HEAD: Final = 96
FLASH_LOAN_HEAD: Final = 76
LIQUIDATION_SIZE: Final = 114
HEAD_SIZES: Final = {
    V2_SWAP: SWAP_SIZE,
    V3_SWAP: SWAP_SIZE,
    V2_FLASH: FLASH_SWAP_HEAD,
    V3_FLASH: FLASH_SWAP_HEAD,
    AAVE_FLASH: FLASH_LOAN_HEAD,
    AAVE_LIQUIDATE: LIQUIDATION_SIZE,
}
_SWAP_KINDS: Final = {V2: (V2_SWAP, V2_FLASH), V3: (V3_SWAP, V3_FLASH)}
_FAMILIES: Final = {V2_SWAP: V2, V3_SWAP: V3, V2_FLASH: V2, V3_FLASH: V3}


def pack_swap(step: SwapStep, place: int, flags: int = 0, inner: bytes | None = None) -> bytes:
    """``inner`` (even empty) makes it a flash swap. Raises ``BugError`` on what the contract cannot be told."""
    if step.family not in _SWAP_KINDS:
        known = ", ".join(sorted(_SWAP_KINDS))
        raise BugError(f"step {place}: pool family is {step.family!r}, expected one of {known}")
    if step.token_in == step.token_out:
        raise BugError(f"step {place}: token_in and token_out are both {step.token_in}, expected two tokens")
    kind = _SWAP_KINDS[step.family][inner is not None]
    return b"".join(
        (
            bytes((kind | flags | (EXACT_OUT if step.exact_out else 0), place)),
            _address(step.pool, place, "pool"),
            _address(step.token_in, place, "token_in"),
            _address(step.token_out, place, "token_out"),
            _amount(step.amount_in, place, "amount_in"),
            _amount(step.amount_out, place, "amount_out"),
            b"" if inner is None else _nested(inner, place),
        )
    )


def pack_flash_loan(loan: FlashLoan, place: int, inner: bytes) -> bytes:
    return b"".join(
        (
            bytes((AAVE_FLASH, place)),
            _address(loan.market, place, "market"),
            _address(loan.token, place, "token"),
            _amount(loan.amount, place, "amount"),
            _amount(loan.premium, place, "premium", least=0),
            _nested(inner, place),
        )
    )


def pack_liquidation(step: LiquidateStep, place: int) -> bytes:
    return b"".join(
        (
            bytes((AAVE_LIQUIDATE, place)),
            _address(step.market, place, "market"),
            _address(step.debt, place, "debt"),
            _address(step.collateral, place, "collateral"),
            _amount(step.debt_to_cover, place, "debt_to_cover"),
            _amount(step.collateral_received, place, "collateral_received"),
            _address(step.borrower, place, "borrower"),
        )
    )


def unpack(data: bytes, offset: int, place: int) -> tuple[Step | FlashLoan, bytes | None, int]:
    """The step at ``offset``, its nested bytes (``None`` where its kind has none) and the offset behind it.

    Raises ``RefusedError`` when the bytes are not a step, are cut short, or carry another place than ``place``.
    """
    kind = data[offset] & 0x0F
    if kind not in HEAD_SIZES:
        raise RefusedError(f"step {place} at byte {offset}: kind is {kind}, expected {V2_SWAP} to {AAVE_LIQUIDATE}")
    end = offset + HEAD_SIZES[kind]
    head = data[offset:end]
    inner: bytes | None = None
    if len(head) == HEAD_SIZES[kind] and kind in (V2_FLASH, V3_FLASH, AAVE_FLASH):
        length = int.from_bytes(head[-2:])
        inner = data[end : end + length]
        end += length
    if end > len(data):
        raise RefusedError(f"step {place} at byte {offset}: ends at byte {end}, expected at most {len(data)}")
    if head[1] != place:
        raise RefusedError(f"step at byte {offset}: says it is number {head[1]}, expected {place}")
    step: Step | FlashLoan
    if kind == AAVE_FLASH:
        step = FlashLoan(market=_hex(head, 2), token=_hex(head, 22), amount=_int(head, 42), premium=_int(head, 58))
    elif kind == AAVE_LIQUIDATE:
        step = LiquidateStep(
            market=_hex(head, 2),
            debt=_hex(head, 22),
            collateral=_hex(head, 42),
            debt_to_cover=_int(head, 62),
            collateral_received=_int(head, 78),
            borrower=_hex(head, 94),
        )
    else:
        step = SwapStep(
            pool=_hex(head, 2),
            family=_FAMILIES[kind],
            token_in=_hex(head, 22),
            token_out=_hex(head, 42),
            amount_in=_int(head, 62),
            amount_out=_int(head, 78),
            fee_pips=0,
            exact_out=bool(head[0] & EXACT_OUT),
        )
    return step, inner, end


def forwards(step: Step | None, following: Step) -> bool:
    """Whether the output of ``step`` can go straight to the v2 pair that trades it next: one transfer less."""
    return (
        isinstance(step, SwapStep)
        and isinstance(following, SwapStep)
        and following.family == V2
        and step.token_out == following.token_in
        and step.amount_out == following.amount_in
        and step.pool != following.pool
    )


def _hex(head: bytes, offset: int) -> Address:
    return Address("0x" + head[offset : offset + 20].hex())


def _int(head: bytes, offset: int) -> int:
    return int.from_bytes(head[offset : offset + 16])


def _address(value: str, place: int, name: str) -> bytes:
    try:
        raw = bytes.fromhex(value.removeprefix("0x"))
    except ValueError:
        raw = b""
    if len(raw) != 20:
        raise BugError(f"step {place}: {name} is {value!r}, expected an address of 20 bytes")
    return raw


def _amount(value: int, place: int, name: str, *, least: Literal[0, 1] = 1) -> bytes:
    if not least <= value <= UINT128_MAX:
        raise BugError(f"step {place}: {name} is {value}, expected {least} to 2**128 - 1")
    return value.to_bytes(16)


def _nested(inner: bytes, place: int) -> bytes:
    if len(inner) > 0xFFFF:
        raise BugError(f"step {place}: its inner steps take {len(inner)} bytes, expected at most 65535")
    return len(inner).to_bytes(2) + inner
