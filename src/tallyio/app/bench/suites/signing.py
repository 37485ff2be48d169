"""An EIP-1559 transaction built, hashed and signed, beside eth-account in turns."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tallyio.app.bench.result import Result, Setting
from tallyio.hot_path.hashes.digest import keccak256
from tallyio.hot_path.signing.eip1559 import Transaction
from tallyio.hot_path.signing.key import Key
from tallyio.hot_path.signing.sign import sign

ROWS = ("sign.1559",)
SECRET = bytes(31) + b"\x01"
"""The best-known key there is: it guards nothing."""
DATA_BYTES = 260
MOST = 20_000
TURNS = 20
REFERENCE_CALLS = 5


def run(setting: Setting) -> Iterator[Result]:
    rng = np.random.default_rng(setting.seed)
    key = Key(SECRET)
    transactions = [
        Transaction(1, nonce, 10**9, 30 * 10**9, 300_000, rng.bytes(20), 0, rng.bytes(DATA_BYTES))
        for nonce in range(max(TURNS, min(setting.samples, MOST)))
    ]
    sign(transactions[0], key, keccak256)
    other = _eth_account()
    times: list[int] = []
    others: list[int] = []
    for part in np.array_split(np.arange(len(transactions)), TURNS):
        for i in part:
            start = time.perf_counter_ns()
            sign(transactions[i], key, keccak256)
            times.append(time.perf_counter_ns() - start)
        for i in part[:REFERENCE_CALLS]:
            if other:
                start = time.perf_counter_ns()
                other(transactions[i])
                others.append(time.perf_counter_ns() - start)
    note = f"{DATA_BYTES} bytes of calldata; the quickest {min(times) / 1000:.1f} us"
    if other is None:
        yield Result("sign.1559", np.array(times, np.float64), note=f"{note}; eth-account is not installed here")
    else:
        said = "eth-account's sign_transaction of some of the same transactions"
        yield Result("sign.1559", np.array(times, np.float64), said, float(np.median(others)), note=note)


def _eth_account() -> Callable[[Transaction], Any] | None:
    """eth-account's signing, where it is installed: it is no part of the product."""
    try:
        from eth_account import Account
    except ImportError:
        return None
    account = Account.from_key(SECRET)

    def signed(tx: Transaction) -> Any:
        return account.sign_transaction(
            {
                "type": 2,
                "chainId": tx.chain_id,
                "nonce": tx.nonce,
                "maxPriorityFeePerGas": tx.priority_fee_wei,
                "maxFeePerGas": tx.max_fee_wei,
                "gas": tx.gas_limit,
                "to": tx.to,
                "value": tx.value_wei,
                "data": tx.data,
            }
        )

    return signed
