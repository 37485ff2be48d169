"""Archives on disk: one Parquet file a block, whole or not there at all."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from tallyio.archive.header import check_block
from tallyio.archive.records import ArchivedBlock, ArchiveError, Header, PreAccount, PreState, Withdrawal
from tallyio.archive.schema import VERSION, VERSION_KEY, schema
from tallyio.core.files import write_whole
from tallyio.core.units import Address, Hash32

_LEVEL = 9
_AGAIN = "Import or fetch the block again"


def path_of(folder: Path, number: int) -> Path:
    return folder / f"{number:010d}.parquet"


def blocks_in(folder: Path) -> list[Path]:
    """The archive's files in the order of their blocks. Raises ``ArchiveError`` where there is none."""
    if folder.is_file():
        return [folder]
    found = sorted(folder.glob("[0-9]*.parquet"))
    if not found:
        raise ArchiveError(f"{folder} holds no archived block", todo="Make one with: tallyio archive import or fetch")
    return found


def write_block(folder: Path, block: ArchivedBlock) -> Path:
    """Check ``block`` against its own header and write it. Raises ``ArchiveError``, and ``OSError`` of the disk."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    check_block(block)
    table = pa.Table.from_pylist([_row(block)], schema=schema())
    sink = pa.BufferOutputStream()
    pq.write_table(
        table, sink, compression="zstd", compression_level=_LEVEL, use_dictionary=False, write_page_checksum=True
    )
    path = path_of(folder, block.number)
    write_whole(path, sink.getvalue().to_pybytes())
    return path


def read_block(path: Path) -> ArchivedBlock:
    """The block in ``path``, held against its own header. Raises ``ArchiveError`` for a file that is cut off, changed,
    of another version or no archive."""
    block: ArchivedBlock = _read(path, path.read_bytes(), None, _block)
    try:
        check_block(block)
    except ArchiveError as error:
        raise ArchiveError(f"{path}: {error}", todo=_AGAIN) from None
    return block


def identify(path: Path, content: bytes) -> tuple[int, int]:
    """Chain id and number of the block in ``content``, the bytes of ``path``, without reading the rest of it. Raises
    ``ArchiveError`` for a file that is cut off, of another version or no archive."""
    found: tuple[int, int] = _read(
        path, content, ["chain_id", "number"], lambda table: tuple(column[0].as_py() for column in table.columns)
    )
    return found


def _read(path: Path, content: bytes, columns: list[str] | None, build: Callable[[Any], Any]) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(pa.BufferReader(content), page_checksum_verification=True)
        version = (file.schema_arrow.metadata or {}).get(VERSION_KEY)
        if version != str(VERSION).encode():
            found = "none" if version is None else version.decode(errors="replace")
            raise ArchiveError(f"{path}: found archive version {found}, expected {VERSION}", todo=_AGAIN)
        if not file.schema_arrow.equals(schema()) or file.metadata.num_rows != 1:
            raise ArchiveError(f"{path}: found other columns than those of version {VERSION}", todo=_AGAIN)
        return build(file.read(columns, use_threads=False))
    except (pa.ArrowException, OSError, ValueError, TypeError, KeyError, IndexError) as error:
        first = str(error).partition("\n")[0]
        raise ArchiveError(f"{path} is cut off or corrupt: {first:.100}", todo=_AGAIN) from None


def _row(block: ArchivedBlock) -> dict[str, Any]:
    state = block.pre_state
    accounts = sorted(state.accounts.items()) if state else []
    return {
        "chain_id": block.chain_id,
        "number": block.number,
        "hash": _raw(block.hash),
        "coinbase": _raw(block.coinbase),
        "base_fee_wei": block.base_fee_wei,
        "timestamp": block.timestamp,
        "rules": block.rules,
        "header": None if block.header is None else _columns(block.header),
        "transactions": list(block.transactions),
        "withdrawals": None if block.withdrawals is None else [_columns(each) for each in block.withdrawals],
        "uncles": [_raw(each) for each in block.uncles],
        "accounts": None
        if state is None
        else [
            {
                "address": _raw(address),
                "balance_wei": _number(each.balance_wei),
                "nonce": each.nonce,
                "code_hash": _raw(each.code_hash),
            }
            for address, each in accounts
        ],
        "slots": None
        if state is None
        else [
            {"account": index, "key": _number(key), "value": _number(value)}
            for index, (_, each) in enumerate(accounts)
            for key, value in sorted(each.slots.items())
        ],
        "codes": None
        if state is None
        else [{"hash": _raw(code_hash), "code": code} for code_hash, code in sorted(state.codes.items())],
        "block_hashes": None
        if state is None
        else [{"number": number, "hash": _raw(each)} for number, each in sorted(state.block_hashes.items())],
        "receipts": _json_rows(block.receipts),
        "traces": _json_rows(block.traces),
    }


def _block(table: Any) -> ArchivedBlock:
    def scalar(name: str) -> Any:
        return table.column(name)[0].as_py()

    header = scalar("header")
    withdrawals = scalar("withdrawals")
    return ArchivedBlock(
        chain_id=scalar("chain_id"),
        number=scalar("number"),
        hash=_hash(scalar("hash")),
        coinbase=Address("0x" + scalar("coinbase").hex()),
        base_fee_wei=scalar("base_fee_wei"),
        timestamp=scalar("timestamp"),
        rules=scalar("rules"),
        header=None if header is None else Header(**{k: _named(k, v) for k, v in header.items()}),
        transactions=tuple(scalar("transactions")),
        withdrawals=None
        if withdrawals is None
        else tuple(Withdrawal(**{k: _named(k, v) for k, v in each.items()}) for each in withdrawals),
        uncles=tuple(_hash(each) for each in scalar("uncles")),
        pre_state=_pre_state(table),
        receipts=_from_json(scalar("receipts")),
        traces=_from_json(scalar("traces")),
    )


def _pre_state(table: Any) -> PreState | None:
    accounts, slots = table.column("accounts")[0], table.column("slots")[0]
    if not accounts.is_valid:
        return None

    def field(rows: Any, name: str) -> list[Any]:
        return rows.values.field(name).to_pylist()  # type: ignore[no-any-return]

    by_account: list[dict[int, int]] = [{} for _ in range(len(accounts.values))]
    number = int.from_bytes
    for account, key, value in zip(field(slots, "account"), field(slots, "key"), field(slots, "value"), strict=True):
        by_account[account][number(key)] = number(value)
    rows = zip(*(field(accounts, name) for name in ("address", "balance_wei", "nonce", "code_hash")), strict=True)
    codes, hashes = table.column("codes")[0], table.column("block_hashes")[0]
    return PreState(
        {
            Address("0x" + address.hex()): PreAccount(number(balance), nonce, _hash(code_hash), held)
            for (address, balance, nonce, code_hash), held in zip(rows, by_account, strict=True)
        },
        {_hash(code_hash): code for code_hash, code in zip(field(codes, "hash"), field(codes, "code"), strict=True)},
        {at: _hash(each) for at, each in zip(field(hashes, "number"), field(hashes, "hash"), strict=True)},
    )


_BYTES = ("logs_bloom", "extra_data", "nonce")


def _named(name: str, value: Any) -> Any:
    """Hashes and addresses as hex, what is bytes in the records as bytes."""
    return "0x" + value.hex() if isinstance(value, bytes) and name not in _BYTES else value


def _columns(record: Header | Withdrawal) -> dict[str, Any]:
    fields = msgspec.structs.asdict(record).items()
    return {name: _raw(value) if isinstance(value, str) else value for name, value in fields}


def _raw(value: str) -> bytes:
    return bytes.fromhex(value[2:])


def _hash(value: bytes) -> Hash32:
    return Hash32("0x" + value.hex())


def _number(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8)


def _json_rows(values: list[dict[str, Any]] | None) -> list[bytes] | None:
    return None if values is None else [msgspec.json.encode(each) for each in values]


def _from_json(rows: list[bytes] | None) -> list[dict[str, Any]] | None:
    return None if rows is None else [msgspec.json.decode(row) for row in rows]
