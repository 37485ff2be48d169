"""A block as a plain node tells it (header and receipts) shows the same arbitrage as its execution does."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tallyio.backtest.lost import chances
from tallyio.backtest.takers import takers
from tallyio.chains import blocks
from tallyio.chains.reads import Receipt
from tallyio.core.chain import Log
from tallyio.core.units import Address, Hash32, address
from tallyio.inspection.sources import files, node

WETH = Address("0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2")


def receipt(index: int, body: dict[str, Any], told: dict[str, Any], header: blocks.Header) -> Receipt:
    ref = header.ref
    tip = int(body.get("maxPriorityFeePerGas", body["gasPrice"]), 16)
    most = int(body.get("maxFeePerGas", body["gasPrice"]), 16)
    logs = (
        Log(address(at), tuple(map(Hash32, topics)), bytes.fromhex(data[2:]), ref.number, ref.hash,
            Hash32(body["hash"]), index, number)
        for number, (at, topics, data) in enumerate(told["logs"])
    )  # fmt: skip
    return Receipt(
        tx_hash=Hash32(body["hash"]), tx_index=index, block_number=ref.number, block_hash=ref.hash,
        sender=address(body["from"]), to=address(body["to"]) if body["to"] else None, created=None, success=True,
        gas_used=int(told["gasUsed"]), effective_gas_price_wei=min(most, header.base_fee_wei + tip), logs=tuple(logs),
    )  # fmt: skip


def test_receipts_alone_show_who_took_what(shared_folder: Callable[[str], Path]) -> None:
    folder = shared_folder("mainnet-blocks")
    [real] = json.loads((folder / "cyclic_arbs.json").read_text())
    path = folder / f"{real['block']}.json.gz"
    block = json.loads(gzip.decompress(path.read_bytes()))["block"]
    told = json.loads(gzip.decompress((folder / f"{real['block']}.expected.json.gz").read_bytes()))
    header = blocks.header(block)
    rows = [receipt(i, *pair, header) for i, pair in enumerate(zip(block["transactions"], told, strict=True))]

    [seen] = takers(node.read(header, rows[::-1], WETH))
    [executed] = takers(files.read_block(path))
    assert (seen.transaction, seen.position, seen.kind) == (real["tx"], real["tx_index"], executed.kind)
    assert (seen.pools, seen.amounts_in, seen.profit) == (executed.pools, executed.amounts_in, executed.profit)
    assert (seen.gross_wei, seen.gas_wei, seen.burnt_wei) == (
        executed.gross_wei,
        executed.gas_wei,
        executed.burnt_wei,
    )
    assert seen.to_proposer_wei is None, "receipts show no payments of the coin"
    assert [c.value_wei for c in chances(real["block"], [seen])] == [
        c.value_wei for c in chances(real["block"], [executed])
    ]
