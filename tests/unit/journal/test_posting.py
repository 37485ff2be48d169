"""Posting rules, case by case; that they equal a real chain is judged in tests/integration/test_ledger_reconcile.py."""

from typing import Any

import pytest

from tallyio.core.chain import BlockRef, Log
from tallyio.core.executor_events import EXECUTED
from tallyio.core.units import Address, Hash32
from tallyio.journal.accounts import BID, EXECUTOR, GAS, NATIVE, OWNER, external
from tallyio.journal.entries import Scope
from tallyio.journal.posting import (
    DEPOSIT,
    EMERGENCY_EXIT,
    EXIT_FAILED,
    TRANSFER,
    WITHDRAW,
    WITHDRAWAL,
    ChainTransaction,
    post,
    post_block,
)

ME, MACHINE, WETH, COIN, POOL, OTHER, SPAM = (Address("0x" + f"{i:02x}" * 20) for i in range(1, 8))
SCOPE = Scope(ME, MACHINE, WETH, frozenset({COIN}))
BLOCK = BlockRef(1, Hash32("0xb1"), Hash32("0xb0"), 1)


def word(value: Address | int) -> str:
    return f"0x{value if isinstance(value, int) else int(value, 16):064x}"


def log(token: Address, kind: str, *topics: Address | int, data: tuple[int, ...] = ()) -> Log:
    body = b"".join(n.to_bytes(32) for n in data)
    return Log(token, (kind, *map(word, topics)), body, 1, BLOCK.hash, Hash32("0xaa"), 0, 0)


def transfer(token: Address, source: Address, target: Address, amount: int) -> Log:
    return log(token, TRANSFER, source, target, data=(amount,))


def tx(*logs: Log, **changes: Any) -> ChainTransaction:
    base: dict[str, Any] = dict(  # noqa: C408 - reads as a call
        hash=Hash32("0xaa"), index=0, sender=ME, to=MACHINE, nonce=0, value_wei=0, data=b"", success=True,
        gas_used=10, gas_price_wei=3, logs=logs,
    )  # fmt: skip
    return ChainTransaction(**{**base, **changes})


def entries(made: ChainTransaction, **given: Any) -> dict[tuple[str, Address], int]:
    found = post(made, BLOCK, SCOPE, **given)
    return {(e.account, e.token): e.amount for e in found.entries} if found else {}


def test_a_trade_nets_to_income_and_pays_its_bid_in_ether() -> None:
    trade = tx(
        transfer(COIN, POOL, MACHINE, 500),
        transfer(COIN, MACHINE, OTHER, 500),
        transfer(WETH, OTHER, MACHINE, 1100),
        transfer(WETH, MACHINE, POOL, 1000),
        log(WETH, WITHDRAWAL, MACHINE, data=(40,)),
        log(MACHINE, EXECUTED, data=(100, 40)),
        data=b"\x70\x1c\x89\x38",
    )
    assert entries(trade, strategy="arbitrage") == {
        (OWNER, NATIVE): -30,
        (GAS, NATIVE): 30,
        ("income:arbitrage", WETH): -100,
        (EXECUTOR, WETH): 60,
        (external(WETH), WETH): 40,
        (external(WETH), NATIVE): -40,
        (BID, NATIVE): 40,
    }
    assert ("income:unattributed", WETH) in entries(trade)


def test_ether_that_pools_took_counts_as_wrapped() -> None:
    """Bought from a pool for ether, sold to another for wrapped ether."""
    trade = tx(
        log(WETH, WITHDRAWAL, MACHINE, data=(1000,)),
        transfer(COIN, POOL, MACHINE, 500),
        transfer(COIN, MACHINE, OTHER, 500),
        transfer(WETH, OTHER, MACHINE, 1100),
        log(WETH, DEPOSIT, MACHINE, data=(3,)),
        log(WETH, WITHDRAWAL, MACHINE, data=(40,)),
        log(MACHINE, EXECUTED, data=(103, 40)),
    )
    assert entries(trade, strategy="arbitrage") == {
        (OWNER, NATIVE): -30,
        (GAS, NATIVE): 30,
        ("income:arbitrage", WETH): -103,
        (EXECUTOR, WETH): 63,
        (external(WETH), WETH): 40,
        (external(WETH), NATIVE): -40,
        (BID, NATIVE): 40,
    }


def test_a_bid_to_a_proposer_that_is_the_owner_comes_home() -> None:
    trade = tx(log(WETH, WITHDRAWAL, MACHINE, data=(40,)), log(MACHINE, EXECUTED, data=(0, 40)))
    assert entries(trade, coinbase=ME)[OWNER, NATIVE] == 40 - 30


def test_a_failed_transaction_costs_its_gas_alone() -> None:
    failed = tx(transfer(WETH, POOL, MACHINE, 5), success=False, value_wei=9, data=EMERGENCY_EXIT)
    assert entries(failed, executor_ether_wei=7) == {(OWNER, NATIVE): -30, (GAS, NATIVE): 30}


def test_a_rollups_fee_for_its_data_is_gas() -> None:
    assert entries(tx(l1_fee_wei=1000))[GAS, NATIVE] == 1030


@pytest.mark.parametrize(("to", "created"), [(OTHER, None), (None, OTHER)])
def test_value_goes_to_the_receiver_or_the_created_contract(to: Address | None, created: Address | None) -> None:
    assert entries(tx(to=to, created=created, value_wei=9)) == {
        (OWNER, NATIVE): -39,
        (GAS, NATIVE): 30,
        (external(OTHER), NATIVE): 9,
    }


def test_somebody_elses_transaction_pays_no_gas_of_ours() -> None:
    assert entries(tx(sender=OTHER, to=ME, value_wei=9)) == {(OWNER, NATIVE): 9, (external(OTHER), NATIVE): -9}
    assert entries(tx(sender=OTHER, to=POOL, value_wei=9)) == {}


def test_wrapping_moves_ether_once() -> None:
    wrapped = log(WETH, DEPOSIT, ME, data=(9,))
    assert entries(tx(wrapped, to=WETH, value_wei=9)) == {
        (OWNER, NATIVE): -39,
        (GAS, NATIVE): 30,
        (OWNER, WETH): 9,
        (external(WETH), NATIVE): 9,
        (external(WETH), WETH): -9,
    }
    inside = log(WETH, DEPOSIT, MACHINE, data=(9,))
    assert entries(tx(inside))[EXECUTOR, NATIVE] == -9


def test_withdrawal_of_ether_and_of_tokens() -> None:
    ether = WITHDRAW + b"".join(int(n).to_bytes(32) for n in (0, 9, int(OTHER, 16)))
    assert entries(tx(data=ether))[EXECUTOR, NATIVE] == -9
    assert entries(tx(data=ether))[external(OTHER), NATIVE] == 9
    tokens = WITHDRAW + b"".join(int(n).to_bytes(32) for n in (int(WETH, 16), 9, int(ME, 16)))
    assert entries(tx(transfer(WETH, MACHINE, ME, 9), data=tokens)) == {
        (OWNER, NATIVE): -30,
        (GAS, NATIVE): 30,
        (EXECUTOR, WETH): -9,
        (OWNER, WETH): 9,
    }


def test_an_emergency_exit_brings_the_ether_home_unless_it_says_otherwise() -> None:
    assert entries(tx(data=EMERGENCY_EXIT), executor_ether_wei=7)[EXECUTOR, NATIVE] == -7
    kept = log(MACHINE, EXIT_FAILED, 0)
    assert (EXECUTOR, NATIVE) not in entries(tx(kept, data=EMERGENCY_EXIT), executor_ether_wei=7)
    other = log(MACHINE, EXIT_FAILED, COIN)
    assert entries(tx(other, data=EMERGENCY_EXIT), executor_ether_wei=7)[EXECUTOR, NATIVE] == -7


def test_logs_of_tokens_that_are_not_followed_move_nothing() -> None:
    assert entries(tx(transfer(SPAM, OTHER, MACHINE, 10**30), sender=OTHER, to=SPAM)) == {}


def test_malformed_logs_move_nothing() -> None:
    nft = log(COIN, TRANSFER, OTHER, MACHINE, 5)
    short = Log(COIN, (TRANSFER, word(OTHER), word(MACHINE)), b"\x01", 1, BLOCK.hash, Hash32("0xaa"), 0, 0)
    bare = Log(COIN, (), b"", 1, BLOCK.hash, Hash32("0xaa"), 0, 0)
    assert entries(tx(nft, short, bare, sender=OTHER, to=COIN)) == {}


def test_a_block_knows_the_executors_ether_at_each_of_its_transactions() -> None:
    take = WITHDRAW + b"".join(int(n).to_bytes(32) for n in (0, 3, int(ME, 16)))
    made = post_block(
        [tx(data=take, hash=Hash32("0x1")), tx(data=EMERGENCY_EXIT, hash=Hash32("0x2"))],
        BLOCK,
        SCOPE,
        strategy_of=lambda _: "",
        executor_ether_wei=10,
        coinbase=OTHER,
    )
    moved = [sum(e.amount for e in t.entries if (e.account, e.token) == (EXECUTOR, NATIVE)) for t in made]
    assert moved == [-3, -7]
