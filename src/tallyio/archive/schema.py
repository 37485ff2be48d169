"""The Parquet schema of an archive, version 1; docs/architecture/archive.md tells what each column means."""

from typing import Any

VERSION = 1
VERSION_KEY = b"tallyio.archive.version"


def schema() -> Any:
    """The ``pyarrow`` schema, its version in the metadata."""
    import pyarrow as pa

    header = pa.struct(
        [
            ("parent_hash", pa.binary(32)),
            ("uncles_hash", pa.binary(32)),
            ("coinbase", pa.binary(20)),
            ("state_root", pa.binary(32)),
            ("transactions_root", pa.binary(32)),
            ("receipts_root", pa.binary(32)),
            ("logs_bloom", pa.binary(256)),
            ("difficulty", pa.uint64()),
            ("number", pa.uint64()),
            ("gas_limit", pa.uint64()),
            ("gas_used", pa.uint64()),
            ("timestamp", pa.uint64()),
            ("extra_data", pa.binary()),
            ("mix_hash", pa.binary(32)),
            ("nonce", pa.binary(8)),
            ("base_fee_wei", pa.uint64()),
            ("withdrawals_root", pa.binary(32)),
            ("blob_gas_used", pa.uint64()),
            ("excess_blob_gas", pa.uint64()),
            ("parent_beacon_root", pa.binary(32)),
            ("requests_hash", pa.binary(32)),
        ]
    )
    withdrawal = pa.struct(
        [("index", pa.uint64()), ("validator", pa.uint64()), ("address", pa.binary(20)), ("amount_gwei", pa.uint64())]
    )
    account = pa.struct(
        [("address", pa.binary(20)), ("balance_wei", pa.binary()), ("nonce", pa.uint64()), ("code_hash", pa.binary(32))]
    )
    slot = pa.struct([("account", pa.uint32()), ("key", pa.binary()), ("value", pa.binary())])
    return pa.schema(
        [
            ("chain_id", pa.uint64()),
            ("number", pa.uint64()),
            ("hash", pa.binary(32)),
            ("coinbase", pa.binary(20)),
            ("base_fee_wei", pa.uint64()),
            ("timestamp", pa.uint64()),
            ("rules", pa.string()),
            ("header", header),
            ("transactions", pa.list_(pa.binary())),
            ("withdrawals", pa.list_(withdrawal)),
            ("uncles", pa.list_(pa.binary(32))),
            ("accounts", pa.list_(account)),
            ("slots", pa.list_(slot)),
            ("codes", pa.list_(pa.struct([("hash", pa.binary(32)), ("code", pa.binary())]))),
            ("block_hashes", pa.list_(pa.struct([("number", pa.uint64()), ("hash", pa.binary(32))]))),
            ("receipts", pa.list_(pa.binary())),
            ("traces", pa.list_(pa.binary())),
        ],
        metadata={VERSION_KEY: str(VERSION).encode()},
    )
