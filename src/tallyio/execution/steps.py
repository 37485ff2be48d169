"""One step of a route as the bytes that the executor contract reads (layout: ``contracts/src/types/Step.sol``)."""

from typing import Final, Literal, NamedTuple

from tallyio.core.errors import BugError, RefusedError
from tallyio.core.trade import LOAN_SOURCES, FlashLoan, LiquidateStep, Step, SwapStep
from tallyio.core.units import UINT128_MAX, ZERO_ADDRESS, Address
from tallyio.execution import kinds
from tallyio.execution.kinds import CONVERT, CURVE, LIQUIDATE, LIQUIDITY_BOOK, LOAN, V2

EXACT_OUT: Final = 0x01
FORWARD: Final = 0x02
PREPAID: Final = 0x04
TOKEN_IN: Final = 0x08
WETH_OUT: Final = 0x10
SAME: Final = 0x20
INNER: Final = 0x40
OPEN: Final = 0x80

HEAD_SIZE: Final = 24


class Given(NamedTuple):
    """What the step before gives; a step that takes it need not say so. ``weth`` is the executor's, where known."""

    token: Address | None
    amount: int
    weth: Address | None

    def after(self, step: Step | FlashLoan) -> "Given":
        match step:
            case SwapStep():
                return Given(step.token_out, step.amount_out, self.weth)
            case LiquidateStep():
                return Given(step.collateral, step.collateral_received, self.weth)
            case FlashLoan():
                return Given(step.token, step.amount, self.weth)


def nothing(weth: Address | None) -> Given:
    """What stands before the first step."""
    return Given(weth, 0, weth)


def pack_swap(step: SwapStep, place: int, given: Given, flags: int = 0, inner: bytes | None = None) -> bytes:
    """``inner`` (even empty) makes it a flash swap. Raises ``BugError`` on what the contract cannot be told."""
    kind = kinds.kind_of(step.family)
    if kind is None:
        raise BugError(f"step {place}: pool family is {step.family!r}, which the executor does not know")
    if inner is not None and kind not in kinds.FLASH_KINDS:
        raise BugError(f"step {place}: pools of family {step.family!r} give nothing before they are paid")
    if step.token_in == step.token_out:
        raise BugError(f"step {place}: token_in and token_out are both {step.token_in}, expected two tokens")
    contract, detail = kinds.pack_detail(kind, step)
    flags |= EXACT_OUT if step.exact_out else 0
    return _pack(
        kind, flags, place, contract, (step.token_in, step.token_out), (step.amount_in, step.amount_out), detail,
        given, inner,
    )  # fmt: skip


def pack_flash_loan(loan: FlashLoan, place: int, given: Given, inner: bytes) -> bytes:
    if loan.source not in LOAN_SOURCES:
        raise BugError(f"step {place}: loan is from {loan.source!r}, expected one of {', '.join(LOAN_SOURCES)}")
    if not 0 <= loan.argument <= 255:
        raise BugError(f"step {place}: loan's argument is {loan.argument}, expected 0 to 255")
    detail = bytes((LOAN_SOURCES.index(loan.source), loan.argument))
    return _pack(LOAN, 0, place, loan.market, (loan.token, None), (loan.amount, loan.premium), detail, given, inner)


def pack_liquidation(step: LiquidateStep, place: int, given: Given) -> bytes:
    amounts = step.debt_to_cover, step.collateral_received
    detail = _address(step.borrower, place, "borrower")
    return _pack(LIQUIDATE, 0, place, step.market, (step.debt, step.collateral), amounts, detail, given, None)


def unpack(data: bytes, offset: int, place: int, given: Given) -> tuple[Step | FlashLoan, bytes | None, int]:
    """The step at ``offset``, its nested bytes (``None`` where it has none) and the offset behind it.

    Raises ``RefusedError`` when the bytes are not a step, are cut short, or carry another place than ``place``.
    """
    kind, flags, found, lengths = (*data[offset : offset + 4], 0, 0, 0)[:4]
    if kind not in kinds.DETAIL_SIZES:
        raise RefusedError(f"step {place} at byte {offset}: kind is {kind}, expected {V2} to {LIQUIDATE}")
    reader = _Reader(data, offset + 4, place)
    contract = reader.address()
    if found != place:
        raise RefusedError(f"step at byte {offset}: says it is number {found}, expected {place}")
    token_in = reader.address() if flags & TOKEN_IN else _known(given.token, place)
    token_out = token_in
    if kind != LOAN:
        token_out = _known(given.weth, place) if flags & WETH_OUT else reader.address()
    amount_in = given.amount if flags & SAME else reader.number((lengths >> 4) + 1)
    amount_out = reader.number((lengths & 15) + 1)
    detail = reader.take(kinds.DETAIL_SIZES[kind])
    inner = reader.take(reader.number(2)) if flags & INNER else None
    step: Step | FlashLoan
    if kind == LOAN:
        if detail[0] >= len(LOAN_SOURCES):
            raise RefusedError(f"step {place}: loan is from source {detail[0]}, expected 0 to {len(LOAN_SOURCES) - 1}")
        step = FlashLoan(contract, token_in, amount_in, amount_out, LOAN_SOURCES[detail[0]], detail[1])
    elif kind == LIQUIDATE:
        step = LiquidateStep(
            market=contract,
            debt=token_in,
            collateral=token_out,
            debt_to_cover=amount_in,
            collateral_received=amount_out,
            borrower=Address("0x" + detail.hex()),
        )
    else:
        family, pool, numbers = kinds.unpack_detail(kind, contract, detail, token_in, token_out)
        step = SwapStep(
            pool=pool,
            family=family,
            token_in=token_in,
            token_out=token_out,
            amount_in=amount_in,
            amount_out=amount_out,
            fee_pips=0,
            exact_out=bool(flags & EXACT_OUT),
            detail=numbers,
        )
    return step, inner, reader.offset


def forwards(step: Step | None, following: Step) -> bool:
    """Whether the output of ``step`` can go straight to the pool that trades it next: one transfer less."""
    if not isinstance(step, SwapStep) or not isinstance(following, SwapStep):
        return False
    taker = kinds.kind_of(following.family)
    takes = taker in (V2, LIQUIDITY_BOOK) or (taker == CURVE and any(d & kinds.RECEIVED for d in following.detail[:1]))
    return (
        takes
        and kinds.kind_of(step.family) not in (CURVE, CONVERT)
        and step.token_out == following.token_in != ZERO_ADDRESS
        and step.amount_out == following.amount_in
        and step.pool != following.pool
    )


class _Reader:
    def __init__(self, data: bytes, offset: int, place: int) -> None:
        self.data, self.offset, self.place = data, offset, place

    def take(self, size: int) -> bytes:
        end = self.offset + size
        if end > len(self.data):
            raise RefusedError(f"step {self.place}: goes on to byte {end}, expected at most {len(self.data)}")
        self.offset, taken = end, self.data[self.offset : end]
        return taken

    def address(self) -> Address:
        return Address("0x" + self.take(20).hex())

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size))


def _known(token: Address | None, place: int) -> Address:
    if token is None:
        raise RefusedError(f"step {place}: leaves wrapped ether's address out, which is not known here")
    return token


def _pack(
    kind: int,
    flags: int,
    place: int,
    contract: str,
    tokens: tuple[Address, Address | None],
    amounts: tuple[int, int],
    detail: bytes,
    given: Given,
    inner: bytes | None,
) -> bytes:
    token_in, token_out = tokens
    parts = [_address(contract, place, "pool")]
    if token_in != given.token:
        flags |= TOKEN_IN
        parts.append(_address(token_in, place, "token_in"))
    if token_out is not None and token_out == given.weth:
        flags |= WETH_OUT
    elif token_out is not None:
        parts.append(_address(token_out, place, "token_out"))
    paid = _amount(amounts[0], place, "amount_in")
    if amounts[0] == given.amount:
        flags |= SAME
        lengths = 0
    else:
        lengths = len(paid) - 1 << 4
        parts.append(paid)
    got = _amount(amounts[1], place, "amount_out", least=0 if kind == LOAN else 1)
    parts += (got, detail)
    if inner is not None:
        flags |= INNER
        parts.append(_nested(inner, place))
    return bytes((kind, flags, place, lengths | len(got) - 1)) + b"".join(parts)


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
    return value.to_bytes(max(1, -(-value.bit_length() // 8)))


def _nested(inner: bytes, place: int) -> bytes:
    if len(inner) > 0xFFFF:
        raise BugError(f"step {place}: its inner steps take {len(inner)} bytes, expected at most 65535")
    return len(inner).to_bytes(2) + inner
