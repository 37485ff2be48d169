"""Another tool's labels of blocks, in one shape.

Read are mev-inspect-py's records by block, lists of cyclic arbitrages with their ``realised_profit``, and vectors of
swaps with the pools' state (``v2``, ``v3``).
"""

from pathlib import Path
from typing import Any

import msgspec

from tallyio.core.errors import OperatorError
from tallyio.core.units import Address, Hash32, address
from tallyio.inspection.activity import NATIVE, Place
from tallyio.inspection.sources.files import read_json


class SwapLabel(msgspec.Struct, frozen=True):
    """Tokens and place are ``None`` where the label leaves them out."""

    transaction: Hash32
    place: Place | None
    protocol: str
    pool: Address
    token_in: Address | None
    amount_in: int
    token_out: Address | None
    amount_out: int


class ArbitrageLabel(msgspec.Struct, frozen=True):
    transaction: Hash32
    profit_token: Address
    profit_amount: int
    pools: tuple[Address, ...]


class LiquidationLabel(msgspec.Struct, frozen=True):
    transaction: Hash32
    protocol: str
    borrower: Address
    debt_token: Address
    debt_amount: int
    received_token: Address
    received_amount: int


class SandwichLabel(msgspec.Struct, frozen=True):
    front: Hash32
    back: Hash32
    pool: Address
    actor: Address
    profit_token: Address
    profit_amount: int
    victims: frozenset[Hash32]


class Labels(msgspec.Struct, frozen=True):
    """A kind that the file does not label is ``None``: what is found of it is then not compared."""

    swaps: list[SwapLabel] | None = None
    arbitrages: list[ArbitrageLabel] | None = None
    liquidations: list[LiquidationLabel] | None = None
    sandwiches: list[SandwichLabel] | None = None


def read_labels(path: Path, number: int) -> Labels:
    """The labels of block ``number`` in ``path``. Raises ``OperatorError`` where there are none of it."""
    content = read_json(path)
    try:
        if isinstance(content, list):
            return Labels(arbitrages=[_cycle(a) for a in content if a["block"] == number])
        if {"v2", "v3"} <= content.keys():
            return Labels(swaps=[_vector(v) for k in ("v2", "v3") for v in content[k] if v["block"] == number])
        if str(number) in content:
            return _records(content[str(number)])
    except (KeyError, TypeError, ValueError, AttributeError) as e:
        raise OperatorError(f"{path} holds labels of an unknown shape: {e!r}", todo="See --help for those read") from e
    raise OperatorError(f"{path} has no labels of block {number}", todo="Give the labels of the inspected block")


def _records(found: dict[str, Any]) -> Labels:
    return Labels(
        swaps=[
            SwapLabel(
                Hash32(s["transaction_hash"]),
                tuple(s["trace_address"]),
                s["protocol"],
                address(s["contract_address"]),
                address(s["token_in_address"]),
                int(s["token_in_amount"]),
                address(s["token_out_address"]),
                int(s["token_out_amount"]),
            )
            for s in found["swaps"]
        ],
        arbitrages=[
            ArbitrageLabel(
                Hash32(a["transaction_hash"]),
                address(a["profit_token_address"]),
                int(a["profit_amount"]),
                tuple(address(s["contract_address"]) for s in a["swaps"]),
            )
            for a in found["arbitrages"]
        ],
        liquidations=[
            LiquidationLabel(
                Hash32(x["transaction_hash"]),
                x["protocol"],
                address(x["liquidated_user"]),
                address(x["debt_token_address"]),
                int(x["debt_purchase_amount"]),
                address(x["received_token_address"] or NATIVE),
                int(x["received_amount"]),
            )
            for x in found["liquidations"]
        ],
        sandwiches=[
            SandwichLabel(
                Hash32(s["frontrun_swap"]["transaction_hash"]),
                Hash32(s["backrun_swap"]["transaction_hash"]),
                address(s["frontrun_swap"]["contract_address"]),
                address(s["sandwicher_address"]),
                address(s["profit_token_address"]),
                int(s["profit_amount"]),
                frozenset(Hash32(v["transaction_hash"]) for v in s["sandwiched_swaps"]),
            )
            for s in found["sandwiches"]
        ],
    )


def _cycle(found: dict[str, Any]) -> ArbitrageLabel:
    pools = tuple(address(found["swaps"][i]["pool"]) for i in found["cycle_order"])
    return ArbitrageLabel(Hash32(found["tx"]), address(found["profit_token"]), int(found["realised_profit"]), pools)


def _vector(found: dict[str, Any]) -> SwapLabel:
    if "pair" in found:
        gains = [int(found[f"amount{i}In"]) - int(found[f"amount{i}Out"]) for i in (0, 1)]
    else:
        gains = [int(found["amount0"]), int(found["amount1"])]
    tokens = (address(found["token0"]), address(found["token1"]))
    side = gains.index(max(gains))
    return SwapLabel(
        Hash32(found["tx"]),
        None,
        "uniswap_v2" if "pair" in found else "uniswap_v3",
        address(found.get("pair") or found["pool"]),
        tokens[side],
        gains[side],
        tokens[1 - side],
        -gains[1 - side],
    )
