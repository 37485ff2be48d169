"""Borrowers who come with risky loans, and borrowers who mend, widen or shrink theirs."""

from collections.abc import Mapping
from random import Random

from tallyio.chains.rpc import Rpc
from tallyio.core.clock import seeded
from tallyio.devnet import abi
from tallyio.devnet.accounts import Account
from tallyio.devnet.deploy.loans import VARIABLE_RATE, Loan, borrow_call, draw_loan, opening_calls, supply_call
from tallyio.devnet.deploy.tokens import UNLIMITED
from tallyio.devnet.traffic.outbox import Intent
from tallyio.devnet.traffic.sight import ask
from tallyio.devnet.world import World

LOAN_GAS = 1_200_000
OPENING_CHANCE = 0.4
ACTION_CHANCE = 0.35
_WAD = 10**18


def first_loans(world: World) -> list[Loan]:
    """The loans that the world's borrowers opened, drawn again from its seed."""
    random = seeded(world.seed, "borrowers")
    return [draw_loan(random) for _ in range(world.sizes.borrowers)]


def draw_opening(random: Random, world: World, step: int, answers_e8: Mapping[str, int]) -> list[Intent]:
    """Perhaps a newcomer with a loan close to liquidation at the oracle's prices."""
    if not world.sizes.newcomers or random.random() >= OPENING_CHANCE:
        return []
    who = world.account("newcomer", step % world.sizes.newcomers)
    loan = draw_loan(random, risky=random.random() < 0.8)

    def amount_of(symbol: str, value_e8: int) -> int:
        return value_e8 * int(10 ** world.tokens[symbol].decimals) // answers_e8[symbol]

    calls = opening_calls(world.aave, world.tokens, who.address, loan, amount_of)
    return [Intent(who, call.to, call.data, call.label, LOAN_GAS, call.value_wei) for call in calls]


async def draw_action(
    random: Random, rpc: Rpc, world: World, loans: list[Loan], answers_e8: Mapping[str, int]
) -> list[Intent]:
    """Perhaps one of the first borrowers supplies, repays, withdraws or borrows more."""
    if not loans or random.random() >= ACTION_CHANCE:
        return []
    index, kind, percent = random.randrange(len(loans)), random.random(), random.randint(5, 60)
    who, loan = world.account("borrower", index), loans[index]
    (answer,) = await ask(rpc, world, [(world.aave.pool, abi.call("getUserAccountData(address)", who.address))])
    given_e8, owed_e8, available_e8, _, _, health = (
        int.from_bytes((answer or b"")[32 * i : 32 * i + 32]) for i in range(6)
    )
    debt, collateral = loan.debt[0][0], loan.collateral[0][0]
    if kind < 0.3 and owed_e8:
        return _repay(world, who, debt, _amount(world, debt, owed_e8 * percent // 100, answers_e8))
    if kind < 0.5:
        return _supply(
            world, who, collateral, _amount(world, collateral, loan.collateral[0][1] * percent // 300, answers_e8)
        )
    if kind < 0.7 and health > 12 * _WAD // 10:
        amount = _amount(world, collateral, min(given_e8, loan.collateral[0][1]) * percent // 1000, answers_e8)
        data = abi.call("withdraw(address,uint256,address)", world.tokens[collateral].address, amount, who.address)
        return [Intent(who, world.aave.pool, data, f"withdraw {collateral}", LOAN_GAS)]
    amount = _amount(world, debt, available_e8 * (40 + percent) // 105, answers_e8)
    if not amount:
        return []
    return [
        Intent(who, world.aave.pool, borrow_call(world.tokens[debt], amount, who.address), f"borrow {debt}", LOAN_GAS)
    ]


def _amount(world: World, symbol: str, value_e8: int, answers_e8: Mapping[str, int]) -> int:
    return value_e8 * int(10 ** world.tokens[symbol].decimals) // answers_e8[symbol]


def _obtain(world: World, who: Account, symbol: str, amount: int) -> list[Intent]:
    token = world.tokens[symbol].address
    if symbol == "WETH":
        got = Intent(who, token, abi.call("deposit()"), "wrap ether", 100_000, amount)
    else:
        got = Intent(who, token, abi.call("mint(address,uint256)", who.address, amount), f"mint {symbol}", 150_000)
    allow = Intent(who, token, abi.call("approve(address,uint256)", world.aave.pool, UNLIMITED), "approve", 100_000)
    return [got, allow]


def _repay(world: World, who: Account, symbol: str, amount: int) -> list[Intent]:
    data = abi.call(
        "repay(address,uint256,uint256,address)", world.tokens[symbol].address, amount, VARIABLE_RATE, who.address
    )
    return [*_obtain(world, who, symbol, amount), Intent(who, world.aave.pool, data, f"repay {symbol}", LOAN_GAS)]


def _supply(world: World, who: Account, symbol: str, amount: int) -> list[Intent]:
    data = supply_call(world.tokens[symbol], amount, who.address)
    return [*_obtain(world, who, symbol, amount), Intent(who, world.aave.pool, data, f"supply {symbol}", LOAN_GAS)]
