from pathlib import Path

from tallyio.chains import tick_lens
from tallyio.chains.multicall import _parts
from tallyio.core.units import Address
from tallyio.devnet import solidity
from tallyio.devnet.artifacts import from_source

SOURCE = Path(__file__).resolve().parents[3] / "contracts/src/lens/TickLens.sol"


def test_the_packaged_code_is_the_build_of_the_source() -> None:
    bare = {"appendCBOR": False, "bytecodeHash": "none"}
    settings = solidity.standard_input(
        {"TickLens.sol": SOURCE.read_text()}, runs=1_000_000, evm_version="cancun", viaIR=True, metadata=bare
    )
    assert from_source("0.8.30", settings)["TickLens"].runtime == tick_lens.CODE.hex()


def test_heavy_calls_share_no_request_beyond_a_nodes_limit() -> None:
    pool = Address("0x" + "ab" * 20)
    calls = [
        (tick_lens.LENS, tick_lens.question(pool, b"1234", b"5678", 1, -3466, 3465)),
        *[(tick_lens.LENS, tick_lens.question(pool, b"1234", b"5678", 60, -58, 57))] * 100,
        *[(pool, b"1234")] * 500,
    ]
    parts = list(_parts(calls, 200))
    assert [call for part in parts for call in part] == calls
    assert max(map(len, parts)) == 200
    assert all(sum(tick_lens.gas_of(*call) for call in part) <= 36_000_000 for part in parts)
    assert len(parts[0]) < 30
