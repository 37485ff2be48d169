"""Who borrows what in the lending market: positions of every health, drawn from a seed."""

from collections.abc import Callable, Mapping
from random import Random

import msgspec

from tallyio.core.units import Address
from tallyio.devnet import abi
from tallyio.devnet.deploy.catalog import EMODE, ETHER_LIKE, RESERVES, STABLE, USD
from tallyio.devnet.deploy.tokens import UNLIMITED
from tallyio.devnet.world import AaveMarket, Token

VARIABLE_RATE = 2
_BY_SYMBOL = {reserve.symbol: reserve for reserve in RESERVES}
_COLLATERAL = ("WETH", "WETH", "WETH", "WBTC", "WBTC", "LINK", "STETH", "USDC", "DAI", "USDT")


class Loan(msgspec.Struct, frozen=True):
    """``collateral`` and ``debt`` are (symbol, value in US dollars with 8 decimals)."""

    collateral: tuple[tuple[str, int], ...]
    debt: tuple[tuple[str, int], ...]
    emode: bool
    health_bps: int


class Call(msgspec.Struct, frozen=True):
    to: Address
    data: bytes
    label: str
    value_wei: int = 0


def draw_loan(random: Random, *, risky: bool = False) -> Loan:
    """A position of 600 to 400,000 dollars. ``risky`` ones are within a few percent of liquidation."""
    value_e8 = int(600 * (400_000 / 600) ** random.random() * USD)
    health_bps = _health(random, risky)
    if random.random() < 0.15:
        given, taken = random.sample(ETHER_LIKE, 2)
        weights: tuple[tuple[str, int, int, int], ...] = ((given, value_e8, EMODE.ltv_bps, EMODE.threshold_bps),)
        debts: tuple[str, ...] = (taken,)
    else:
        given_symbols = sorted(set(random.choices(_COLLATERAL, k=random.choice((1, 1, 2)))))
        shares = [random.randint(30, 70) for _ in given_symbols]
        weights = tuple(
            (s, value_e8 * share // sum(shares), _BY_SYMBOL[s].ltv_bps, _BY_SYMBOL[s].threshold_bps)
            for s, share in zip(given_symbols, shares, strict=True)
        )
        debts = _debts(random, given_symbols)
        given = ""
    threshold = sum(value * lt for _, value, _, lt in weights)
    borrowable = sum(value * ltv for _, value, ltv, _ in weights) // 10_000 * 998 // 1000
    owed_e8 = min(threshold // health_bps, borrowable)
    split = [owed_e8] if len(debts) == 1 else [owed_e8 * 6 // 10, owed_e8 * 4 // 10]
    return Loan(
        tuple((symbol, value) for symbol, value, _, _ in weights),
        tuple(zip(debts, split, strict=True)),
        bool(given),
        threshold // owed_e8,
    )


def _health(random: Random, risky: bool) -> int:
    kind = 0.0 if risky else random.random()
    low, high = (10_200, 11_000) if kind < 0.45 else (11_000, 14_000) if kind < 0.8 else (14_000, 30_000)
    return random.randint(low, high)


def _debts(random: Random, given: list[str]) -> tuple[str, ...]:
    """Mostly dollars against volatile collateral, and the other way round; never a token that was given."""
    wanted = [s for s in STABLE if s not in given]
    if all(s in STABLE for s in given) or random.random() < 0.2:
        wanted = [s for s in _BY_SYMBOL if s not in given and (s not in STABLE or set(given) - set(STABLE))]
    return tuple(random.sample(wanted, 2 if len(wanted) > 1 and random.random() < 0.3 else 1))


def opening_calls(
    market: AaveMarket, tokens: Mapping[str, Token], who: Address, loan: Loan, amount_of: Callable[[str, int], int]
) -> list[Call]:
    """The transactions of ``who`` that open ``loan``; ``amount_of(symbol, value_e8)`` prices it."""
    calls = []
    if loan.emode:
        calls.append(Call(market.pool, abi.call("setUserEMode(uint8)", market.emode_category), "enter e-mode"))
    for symbol, value_e8 in loan.collateral:
        token, amount = tokens[symbol], amount_of(symbol, value_e8)
        if symbol == "WETH":
            calls.append(Call(token.address, abi.call("deposit()"), "wrap ether", amount))
        else:
            calls.append(Call(token.address, abi.call("mint(address,uint256)", who, amount), f"mint {symbol}"))
        calls.append(Call(token.address, abi.call("approve(address,uint256)", market.pool, UNLIMITED), "approve"))
        calls.append(Call(market.pool, supply_call(token, amount, who), f"supply {symbol}"))
    for symbol, value_e8 in loan.debt:
        amount = amount_of(symbol, value_e8)
        calls.append(Call(market.pool, borrow_call(tokens[symbol], amount, who), f"borrow {symbol}"))
    return calls


def supply_call(token: Token, amount: int, who: Address) -> bytes:
    return abi.call("supply(address,uint256,address,uint16)", token.address, amount, who, 0)


def borrow_call(token: Token, amount: int, who: Address) -> bytes:
    return abi.call("borrow(address,uint256,uint256,uint16,address)", token.address, amount, VARIABLE_RATE, 0, who)
