"""The result as rows in one order, and as Parquet files that hold nothing but them: equal rows, equal bytes."""

from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec

from tallyio.backtest.competition.contest import Fate
from tallyio.backtest.study.evaluation import Study
from tallyio.core.files import write_whole

Row = dict[str, Any]


def rows_of(study: Study) -> dict[str, list[Row]]:
    """``proposals``, ``blocks`` and ``parameters``; docs/how-to/backtest.md says what each column means."""
    return {"proposals": _proposals(study), "blocks": _blocks(study), "parameters": _parameters(study)}


def output_hash(rows: dict[str, list[Row]]) -> str:
    """32 hex characters over the content of all rows."""
    return blake2b(msgspec.json.encode(rows, order="deterministic"), digest_size=16).hexdigest()


def write(rows: dict[str, list[Row]], folder: Path) -> list[str]:
    """One Parquet file a table, whole or not there. Returns their names; raises ``OSError`` of the disk."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = []
    for name, schema in schemas().items():
        sink = pa.BufferOutputStream()
        pq.write_table(pa.Table.from_pylist(rows[name], schema=schema), sink, compression="zstd")
        names.append(f"{name}.parquet")
        write_whole(folder / names[-1], sink.getvalue().to_pybytes())
    return names


def schemas() -> dict[str, Any]:
    """``pyarrow`` schemas by table. Amounts in wei are decimals without a fraction."""
    import pyarrow as pa

    wei, text, number, truth = pa.decimal128(38, 0), pa.string(), pa.int64(), pa.bool_()
    proposals = [
        ("parameters", number),
        ("block", number),
        ("position", number),
        ("id", text),
        ("strategy", text),
        ("hops", number),
        ("pools", pa.list_(text)),
        ("predicted_wei", wei),
        ("gross_wei", wei),
        ("predicted_gas", number),
        ("gas_used", number),
        ("outcome", text),
        ("gas_wei", wei),
        ("bid_wei", wei),
        ("to_proposer_wei", wei),
        ("net_wei", wei),
        ("approved", truth),
        ("reason", text),
        ("fate", text),
        ("rival", text),
        ("rival_wei", wei),
    ]
    blocks = [
        ("block", number),
        ("hash", text),
        ("timestamp", number),
        ("part", text),
        ("refused", text),
        ("base_fee_wei", wei),
        ("transactions", number),
        ("pools", number),
        ("left", number),
        ("taken", number),
        ("taken_wei", wei),
        ("profit_wei", pa.list_(wei)),
        ("bound_wei", pa.list_(wei)),
    ]
    parameters = [
        ("parameters", number),
        ("bid_share_bps", number),
        ("min_profit_wei", wei),
        ("max_hops", number),
        ("keep", number),
        ("chosen", truth),
        ("proposals", number),
        ("approved", number),
        ("won", number),
        ("train_wei", wei),
        ("test_wei", wei),
        ("bound_wei", wei),
    ]
    return {name: pa.schema(columns) for name, columns in zip(TABLES, (proposals, blocks, parameters), strict=True)}


TABLES = ("proposals", "blocks", "parameters")


def _fitting(wei: int) -> int | None:
    """What others took is valued at the prices of their own path, which may be absurd: None beyond 38 digits."""
    return wei if abs(wei) < 10**38 else None


def _proposals(study: Study) -> list[Row]:
    found = [
        {
            "parameters": number,
            "block": block.number,
            "position": offer.position,
            "id": offer.id,
            "strategy": offer.strategy,
            "hops": offer.hops,
            "pools": list(offer.pools),
            "predicted_wei": offer.predicted_wei,
            "gross_wei": offer.gross_wei,
            "predicted_gas": offer.predicted_gas,
            "gas_used": offer.gas_used,
            "outcome": offer.outcome,
            "gas_wei": offer.gas_wei,
            "bid_wei": offer.bid_wei,
            "to_proposer_wei": offer.to_proposer_wei,
            "net_wei": offer.net_wei,
            "approved": offer.approved,
            "reason": offer.reason,
            "fate": str(each.fate),
            "rival": each.rival.transaction if each.rival else None,
            "rival_wei": _fitting(each.rival.wei) if each.rival else None,
        }
        for block, by_set in zip(study.blocks, study.settled, strict=True)
        for number, settled in enumerate(by_set)
        for each in settled
        for offer in (each.offer,)
    ]
    return sorted(found, key=lambda row: (row["parameters"], row["block"], row["position"], row["id"]))


def _blocks(study: Study) -> list[Row]:
    profits = {block.number: row for block, row in zip(study.blocks, study.profits, strict=True)}
    bounds = {block.number: row for block, row in zip(study.blocks, study.bounds, strict=True)}
    training = {block.number for block in study.blocks[: study.training]}
    return [
        {
            "block": block.number,
            "hash": block.hash,
            "timestamp": block.timestamp,
            "part": "" if block.refused else "train" if block.number in training else "test",
            "refused": block.refused,
            "base_fee_wei": block.base_fee_wei,
            "transactions": block.transactions,
            "pools": block.pools,
            "left": len(block.left),
            "taken": len(block.taken),
            "taken_wei": _fitting(sum(taken.gross_wei or 0 for taken in block.taken if not taken.reverted)),
            "profit_wei": profits.get(block.number, []),
            "bound_wei": bounds.get(block.number, []),
        }
        for block in sorted([*study.blocks, *study.refused], key=lambda block: block.number)
    ]


def _parameters(study: Study) -> list[Row]:
    return [
        {
            "parameters": number,
            **msgspec.structs.asdict(parameters),
            "chosen": number == study.choice.chosen,
            "proposals": sum(len(block[number]) for block in study.settled),
            "approved": sum(each.offer.approved for block in study.settled for each in block[number]),
            "won": _won(study, number),
            "train_wei": study.choice.train_wei[number],
            "test_wei": study.choice.test_wei[number],
            "bound_wei": sum(block[number] for block in study.bounds),
        }
        for number, parameters in enumerate(study.sets)
    ]


def _won(study: Study, number: int) -> int:
    return sum(each.fate is Fate.WON for block in study.settled for each in block[number])
