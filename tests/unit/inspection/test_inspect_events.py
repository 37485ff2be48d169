"""Events of the protocols, as logs have them."""

import pytest

from tallyio.core.units import Address, Hash32
from tallyio.inspection.abi import topic
from tallyio.inspection.activity import NATIVE, WRAPPED_NATIVE, Transaction, Transfer
from tallyio.inspection.reading import Event
from tallyio.inspection.sources.logs import TRANSFER, read_transaction

WETH = WRAPPED_NATIVE[1]
POOL, LOW, HIGH, TAKER, ZERO = (Address("0x" + f"{n:02x}" * 20) for n in (0xB2, 0x11, 0x22, 0xA1, 0))
Log = tuple[str, str, tuple[int | str, ...], tuple[int | str, ...]]


def number(value: int | str) -> int:
    return int(value, 16) if isinstance(value, str) else value


def read(*logs: Log, coin: tuple[Transfer, ...] = ()) -> Transaction:
    """Of logs as (contract, signature, indexed, data)."""
    events = [
        Event(
            i,
            (i,),
            Address(at),
            (topic(signature), *(f"0x{number(v):064x}" for v in indexed)),
            b"".join((number(v) % 2**256).to_bytes(32, "big") for v in data),
        )
        for i, (at, signature, indexed, data) in enumerate(logs)
    ]
    return read_transaction(
        events,
        coin,
        WETH,
        {},
        hash_=Hash32("0x1"),
        index=0,
        sender=TAKER,
        to=POOL,
        succeeded=True,
        gas_used=1,
        effective_gas_price=1,
    )


def moved(token: str, sender: str, to: str, amount: int) -> Log:
    return (token, "Transfer(address,address,uint256)", (sender, to), (amount,))


PAID, GOT = moved(HIGH, TAKER, POOL, 70), moved(LOW, POOL, TAKER, 50)
V3 = "Swap(address,address,int256,int256,uint160,uint128,int24)"
ID = POOL + "00" * 12
STATED: list[tuple[str, Log]] = [
    ("uniswap_v2", (POOL, "Swap(address,uint256,uint256,uint256,uint256,address)", (TAKER, TAKER), (0, 70, 50, 0))),
    ("uniswap_v2", (POOL, "Swap(address,address,uint256,uint256,uint256,uint256)", (TAKER, TAKER), (0, 70, 50, 0))),
    ("uniswap_v3", (POOL, V3, (TAKER, TAKER), (-50, 70, 9, 8, -7))),
    ("uniswap_v3", (POOL, V3.replace("int24)", "int24,uint128,uint128)"), (TAKER, TAKER), (-50, 70, 9, 8, -7, 0, 0))),
    (
        "uniswap_v4",
        (POOL, "Swap(bytes32,address,int128,int128,uint160,uint128,int24,uint24)", (5, TAKER), (50, -70, 9, 8, 7, 0)),
    ),
    ("curve", (POOL, "TokenExchange(address,int128,uint256,int128,uint256)", (TAKER,), (0, 70, 1, 50))),
    (
        "curve",
        (
            POOL,
            "TokenExchange(address,uint256,uint256,uint256,uint256,uint256,uint256)",
            (TAKER,),
            (0, 70, 1, 50, 3, 4),
        ),
    ),
    ("balancer_v1", (POOL, "LOG_SWAP(address,address,address,uint256,uint256)", (TAKER, HIGH, LOW), (70, 50))),
    ("balancer_v2", (TAKER, "Swap(bytes32,address,address,uint256,uint256)", (ID, HIGH, LOW), (70, 50))),
    (
        "bancor",
        (TAKER, "Conversion(address,address,address,uint256,uint256,address)", (POOL, HIGH, LOW), (70, 50, TAKER)),
    ),
    (
        "dodo",
        (POOL, "DODOSwap(address,address,uint256,uint256,address,address)", (), (HIGH, LOW, 70, 50, TAKER, TAKER)),
    ),
    (
        "maverick_v1",
        (POOL, "Swap(address,address,bool,bool,uint256,uint256,int32)", (), (TAKER, TAKER, 1, 0, 70, 50, 0)),
    ),
    (
        "liquidity_book",
        (
            POOL,
            "Swap(address,address,uint256,bool,uint256,uint256,uint256,uint256)",
            (TAKER, TAKER, 2**23),
            (0, 68, 50, 0, 2),
        ),
    ),
    (
        "liquidity_book",
        (
            POOL,
            "Swap(address,address,uint24,bytes32,bytes32,uint24,bytes32,bytes32)",
            (TAKER, TAKER),
            (1, 70 << 128, 50, 0, 0, 0),
        ),
    ),
    ("comet", (POOL, "BuyCollateral(address,address,uint256,uint256)", (TAKER, LOW), (70, 50))),
]


@pytest.mark.parametrize(("protocol", "log"), STATED)
def test_an_event_is_the_swap_that_its_transfers_bear_out(protocol: str, log: Log) -> None:
    tx = read(PAID, GOT, log)
    (swap,) = tx.swaps
    assert (swap.protocol, swap.pool) == (protocol, POOL)
    assert (swap.token_in, swap.amount_in, swap.token_out, swap.amount_out) == (HIGH, 70, LOW, 50)


@pytest.mark.parametrize(
    "log", [log for name, log in STATED if name in ("uniswap_v2", "uniswap_v3", "uniswap_v4", "curve")]
)
def test_without_its_transfers_an_event_is_unread(log: Log) -> None:
    tx = read(log)
    assert not tx.swaps
    assert [u.reason for u in tx.unread] == ["token unknown"]


def test_tokens_in_the_wrong_order_are_not_believed() -> None:
    tx = read(moved(LOW, TAKER, POOL, 70), moved(HIGH, POOL, TAKER, 50), STATED[0][1])
    assert [u.reason for u in tx.unread] == ["token unknown"]


def test_a_token_that_takes_a_fee_is_known_by_its_last_transfer() -> None:
    short = moved(LOW, POOL, TAKER, 45)
    (swap,) = read(PAID, short, STATED[0][1]).swaps
    assert (swap.token_in, swap.amount_in, swap.token_out, swap.amount_out) == (HIGH, 70, LOW, 50)


def test_the_coin_bought_with_a_token_on_uniswap_v1() -> None:
    coin = (Transfer(-1, NATIVE, POOL, TAKER, 50),)
    (swap,) = read(PAID, (POOL, "EthPurchase(address,uint256,uint256)", (TAKER, 70, 50), ()), coin=coin).swaps
    assert (swap.token_in, swap.amount_in, swap.token_out, swap.amount_out) == (HIGH, 70, NATIVE, 50)


def test_liquidations_of_aave_compound_morpho_and_comet() -> None:
    aave = (
        POOL,
        "LiquidationCall(address,address,address,uint256,uint256,address,bool)",
        (LOW, HIGH, 7),
        (70, 50, TAKER, 0),
    )
    compound = (POOL, "LiquidateBorrow(address,address,uint256,address,uint256)", (), (TAKER, 7, 70, LOW, 50))
    morpho = (
        POOL,
        "Liquidate(bytes32,address,address,uint256,uint256,uint256,uint256,uint256)",
        (5, TAKER, 7),
        (70, 1, 50, 0, 0),
    )
    comet = (POOL, "AbsorbCollateral(address,address,address,uint256,uint256)", (TAKER, 7, LOW), (50, 9))
    tx = read(PAID, GOT, aave, compound, morpho, comet)
    found = [(x.protocol, x.debt_token, x.debt_amount, x.collateral_token, x.received_amount) for x in tx.liquidations]
    assert found == [
        ("aave", HIGH, 70, LOW, 50),
        ("compound", HIGH, 70, LOW, 50),
        ("morpho", HIGH, 70, LOW, 50),
        ("comet", POOL, None, LOW, 50),
    ]
    assert {x.liquidator for x in tx.liquidations} == {TAKER}
    assert {int(x.borrower, 16) for x in tx.liquidations} == {7}


def test_an_nft_s_transfer_and_a_foreign_event_of_the_same_name_are_passed_over() -> None:
    nft = (HIGH, "Transfer(address,address,uint256)", (TAKER, POOL, 70), ())
    other = (POOL, "Swap(address,uint256,uint256,uint256,uint256,address)", (TAKER,), (1,))
    tx = read(nft, other)
    assert (tx.transfers, tx.swaps, tx.unread) == ((), (), ())
    assert topic("Transfer(address,address,uint256)") == TRANSFER


def test_many_swaps_of_the_same_tokens_stay_quick_and_exact(swap: object, tx: object, block: object) -> None:
    from tallyio.inspection.arbitrage import arbitrages

    make, make_tx, make_block = swap, tx, block
    swaps = []
    for i in range(40):
        swaps += [
            make(2 * i, 1 + i, 0, 10_000, 8 + i % 3, 500),  # type: ignore[operator]
            make(2 * i + 1, 100 + i, 8 + i % 3, 500, 0, 10_010),  # type: ignore[operator]
        ]
    found = arbitrages(make_block(make_tx(0, *swaps)))  # type: ignore[operator]
    assert sum(a.profit_amount for a in found) == 40 * 10
