"""Calls of the protocols, as traces tell them."""

from typing import Any

from tallyio.core.units import Address
from tallyio.inspection.abi import selector
from tallyio.inspection.activity import NATIVE, WRAPPED_NATIVE, Transaction
from tallyio.inspection.sources.parity import read

WETH = WRAPPED_NATIVE[1]
TAKER, POOL, TOKEN, OTHER, USER = (Address("0x" + f"{n:02x}" * 20) for n in (0xA1, 0xB2, 0xC3, 0xD4, 0xE5))


def words(*values: int | str) -> str:
    return "".join(f"{v:064x}" if isinstance(v, int) else v[2:].rjust(64, "0") for v in values)


def trace(place: list[int], sender: str, to: str, call: str, *values: int | str, **more: Any) -> dict[str, Any]:
    data = "0x" + (selector(call).hex() if call else "") + words(*values)
    action = {
        "from": sender,
        "to": to,
        "callType": more.get("kind", "call"),
        "input": data,
        "value": hex(more.get("value", 0)),
    }
    result = {"output": "0x" + words(*more.get("returns", ())), "gasUsed": "0x0"}
    return {
        "type": "call",
        "block_number": 5,
        "transaction_hash": "0x1",
        "trace_address": place,
        "action": action,
        "result": None if more.get("error") else result,
        "error": more.get("error"),
    }


def only(*traces: dict[str, Any]) -> Transaction:
    receipt = {"transaction_hash": "0x1", "transaction_index": 0, "gas_used": 1, "effective_gas_price": 1}
    content = {"block_number": 5, "miner": USER, "base_fee_per_gas": 0, "traces": list(traces), "receipts": [receipt]}
    (found,) = read(content).transactions
    return found


PULL, PUSH = "transferFrom(address,address,uint256)", "transfer(address,uint256)"


def test_an_exchange_is_what_its_contract_took_and_gave() -> None:
    tx = only(
        trace([], TAKER, POOL, "exchange(int128,int128,uint256,uint256)", 0, 1, 70, 0),
        trace([0], POOL, TOKEN, PULL, TAKER, POOL, 70, returns=(1,)),
        trace([1], POOL, OTHER, PUSH, TAKER, 69, returns=(1,)),
    )
    (swap,) = tx.swaps
    assert (swap.protocol, swap.token_in, swap.amount_in, swap.token_out, swap.amount_out) == (
        "curve",
        TOKEN,
        70,
        OTHER,
        69,
    )


def test_an_exchange_that_passes_on_what_it_takes_is_read_by_its_caller() -> None:
    tx = only(
        trace([], TAKER, POOL, "exchange_underlying(int128,int128,uint256,uint256)", 0, 1, 70, 0),
        trace([0], POOL, TOKEN, PULL, TAKER, POOL, 70, returns=(1,)),
        trace([1], USER, TOKEN, PULL, POOL, USER, 70, returns=(1,)),
        trace([2], USER, OTHER, PUSH, POOL, 69, returns=(1,)),
        trace([3], POOL, OTHER, PUSH, TAKER, 69, returns=(1,)),
    )
    (swap,) = tx.swaps
    assert (swap.amount_in, swap.amount_out, swap.token_out) == (70, 69, OTHER)


def test_a_pair_counts_what_reached_it_of_a_token_with_a_fee() -> None:
    tx = only(
        trace([], TAKER, USER, ""),
        trace([0], USER, POOL, "getReserves()", kind="staticcall", returns=(1_000, 5_000, 0)),
        trace([1], USER, TOKEN, PULL, TAKER, POOL, 100, returns=(1,)),
        trace([2], USER, POOL, "swap(uint256,uint256,address,bytes)", 0, 400, TAKER, 128, 0),
        trace([2, 0], POOL, OTHER, PUSH, TAKER, 400, returns=(1,)),
        trace([2, 1], POOL, TOKEN, "balanceOf(address)", POOL, kind="staticcall", returns=(1_090,)),
        trace([2, 2], POOL, OTHER, "balanceOf(address)", POOL, kind="staticcall", returns=(4_600,)),
    )
    (swap,) = tx.swaps
    assert (swap.amount_in, swap.amount_sent, swap.amount_out) == (90, 100, 400)


def test_a_failed_call_s_actions_are_marked() -> None:
    tx = only(
        trace([], TAKER, USER, ""),
        trace([0], USER, POOL, "exchange(int128,int128,uint256,uint256)", 0, 1, 70, 0, error="Reverted"),
        trace([0, 0], POOL, TOKEN, PULL, USER, POOL, 70, returns=(1,)),
        trace([0, 1], POOL, OTHER, PUSH, USER, 69, returns=(1,)),
    )
    assert tx.succeeded
    assert [s.reverted for s in tx.swaps] == [True]
    assert all(t.reverted for t in tx.transfers)


def test_aave_s_liquidation_for_atokens() -> None:
    call = "liquidationCall(address,address,address,uint256,bool)"
    tx = only(
        trace([], TAKER, POOL, call, WETH, TOKEN, USER, 2**256 - 1, 1),
        trace([0], POOL, OTHER, "transferOnLiquidation(address,address,uint256)", USER, TAKER, 55),
        trace([1], POOL, TOKEN, PULL, TAKER, OTHER, 500, returns=(1,)),
    )
    (found,) = tx.liquidations
    assert (found.debt_amount, found.collateral_token, found.received_amount) == (500, OTHER, 55)
    assert (found.borrower, found.liquidator) == (USER, TAKER)


def test_compound_s_liquidation_paid_in_the_coin() -> None:
    tx = only(
        trace([], TAKER, POOL, "liquidateBorrow(address,address)", USER, OTHER, value=9),
        trace([0], POOL, OTHER, "seize(address,address,uint256)", TAKER, USER, 77, returns=(0,)),
    )
    (found,) = tx.liquidations
    assert (found.debt_token, found.debt_amount, found.collateral_token, found.received_amount) == (
        NATIVE,
        9,
        OTHER,
        77,
    )


def test_an_order_filled_at_0x() -> None:
    order = (OTHER, TOKEN, 1_000, 2_000, USER, TAKER, TAKER, 0, 0, 0)
    rfq = "(address,address,uint128,uint128,address,address,address,bytes32,uint64,uint256)"
    call = f"fillRfqOrder({rfq},(uint8,uint8,bytes32,bytes32),uint128)"
    tx = only(
        trace([], TAKER, POOL, call, *order, 0, 0, 0, 0, 20, returns=(20, 10)),
        trace([0], POOL, TOKEN, PULL, TAKER, USER, 20, returns=(1,)),
        trace([1], POOL, OTHER, PULL, USER, TAKER, 10, returns=(1,)),
    )
    (swap,) = tx.swaps
    assert (swap.token_in, swap.amount_in, swap.token_out, swap.amount_out) == (TOKEN, 20, OTHER, 10)


def test_a_path_of_bancor_is_one_swap() -> None:
    call = "convertByPath(address[],uint256,uint256,address,address,uint256)"
    path = (192, 70, 0, 0, 0, 0, 3, TOKEN, USER, OTHER)
    tx = only(
        trace([], TAKER, POOL, call, *path, returns=(69,)),
        trace([0], POOL, TOKEN, PULL, TAKER, USER, 70, returns=(1,)),
        trace([1], USER, OTHER, PUSH, TAKER, 69, returns=(1,)),
    )
    (swap,) = tx.swaps
    assert (swap.token_in, swap.amount_in, swap.token_out, swap.amount_out) == (TOKEN, 70, OTHER, 69)
    assert swap.recipient == TAKER
