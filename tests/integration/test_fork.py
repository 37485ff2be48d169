"""The local EVM against transactions that a node mined: gas, output, logs, balances and storage, to the last unit."""

import asyncio
import threading
from collections.abc import Iterator
from itertools import permutations
from typing import Any

import pytest

from tallyio.chains import blocks
from tallyio.chains.addresses import created_by
from tallyio.chains.fees import next_base_fee
from tallyio.chains.keccak import keccak256
from tallyio.core.chain import BlockRef
from tallyio.core.errors import OutOfReachError
from tallyio.core.units import ETHER, Address, Hash32
from tallyio.devnet import abi, accounts
from tallyio.devnet.anvil import Anvil
from tallyio.simulation.fork import Fork, Simulator
from tallyio.simulation.records import BlockEnv, CallTx, Executed, InexactError, NotIncludableError

GWEI = 10**9
CODE_AT = Address("0x" + "c0" * 20)
CONSTRUCTOR = "6009600c60003960096000f3"  # deploys the 9 bytes behind it


class Bench:
    """Runs transactions on a fork of the head first, then mines them, and compares."""

    def __init__(self, node: Anvil) -> None:
        self.node = node
        self.simulator = Simulator(node.rpc_url)
        self.who = accounts.account(99, "searcher", 0)
        node.rpc.call("anvil_setBalance", self.who.address, hex(1000 * ETHER))

    def fork(self, **changes: Any) -> Fork:
        head = blocks.header(self.node.rpc.call("eth_getBlockByNumber", "latest", False))
        fields: dict[str, Any] = {
            "number": head.ref.number + 1,
            "timestamp": head.ref.timestamp + 12,
            "base_fee_wei": next_base_fee(head.base_fee_wei, head.gas_used, head.gas_limit),
            "gas_limit": head.gas_limit,
            "coinbase": head.coinbase,
            "chain_id": self.node.chain_id,
        }
        return self.simulator.fork(head.ref, BlockEnv(**(fields | changes)))

    def nonce(self) -> int:
        return int(self.node.rpc.call("eth_getTransactionCount", self.who.address, "latest"), 16)

    def tx(self, to: str | None, data: bytes = b"", value: int = 0, ahead: int = 0, gas: int = 3_000_000) -> CallTx:
        return CallTx(
            sender=self.who.address,
            to=Address(to) if to else None,
            data=data,
            gas_limit=gas,
            value_wei=value,
            max_fee_wei=5 * GWEI,
            priority_fee_wei=GWEI,
            nonce=self.nonce() + ahead,
        )

    def send(self, tx: CallTx) -> str:
        raw, tx_hash = accounts.sign(
            self.who,
            self.node.chain_id,
            tx.nonce or 0,
            tx.to,
            tx.data,
            gas=tx.gas_limit,
            value_wei=tx.value_wei,
            priority_fee_wei=tx.priority_fee_wei,
            max_fee_wei=tx.max_fee_wei,
        )
        self.node.rpc.call("eth_sendRawTransaction", "0x" + raw.hex())
        return tx_hash

    def check(self, *txs: CallTx) -> list[Executed]:
        fork = self.fork()
        results = [fork.run(tx) for tx in txs]
        hashes = [self.send(tx) for tx in txs]
        self.node.mine()
        for tx_hash, result in zip(hashes, results, strict=True):
            receipt = self.node.rpc.call("eth_getTransactionReceipt", tx_hash)
            assert result.gas_used == int(receipt["gasUsed"], 16)
            assert result.success == (receipt["status"] == "0x1")
            assert result.fee_wei == result.gas_used * int(receipt["effectiveGasPrice"], 16)
            assert result.created == (receipt["contractAddress"] if result.success else None)
            mined = [(log["address"], tuple(log["topics"]), log["data"]) for log in receipt["logs"]]
            assert [(log.address, log.topics, "0x" + log.data.hex()) for log in result.logs] == mined
        for address in (self.who.address, fork.env.coinbase):
            assert fork.balance(address) == int(self.node.rpc.call("eth_getBalance", address, "latest"), 16)
        assert fork.nonce(self.who.address) == self.nonce()
        return results


@pytest.fixture
def bench(scratch_chain: Any) -> Iterator[Bench]:
    found = Bench(scratch_chain.anvil)
    yield found
    found.simulator.close()


@pytest.fixture
def bare(bare_anvil: Anvil, anvil_url: str) -> Iterator[Bench]:
    found = Bench(bare_anvil)
    yield found
    found.simulator.close()


def triangle(world: Any) -> list[bytes]:
    """Swap paths through three v3 pools, from WETH to WETH."""
    pools = [pool for pool in world.pools if pool.family == "uniswap_v3"]
    paths = []
    for a, b, c in permutations(pools, 3):
        if world.weth not in (a.token0, a.token1):
            continue
        one = a.other(world.weth)
        if one not in (b.token0, b.token1):
            continue
        two = b.other(one)
        if two == world.weth or {c.token0, c.token1} != {two, world.weth}:
            continue
        hops = [world.weth, a.fee_pips, one, b.fee_pips, two, c.fee_pips, world.weth]
        paths.append(b"".join(h.to_bytes(3, "big") if isinstance(h, int) else bytes.fromhex(h[2:]) for h in hops))
    return paths


def swap(path: bytes, to: Address, amount: int, least: int = 0) -> bytes:
    fields = (path, to, 2**40, amount, least)
    return abi.call("exactInput((bytes,address,uint256,uint256,uint256))", fields)


def test_weth_deposit_transfer_and_withdrawal_in_one_block(bench: Bench, scratch_chain: Any) -> None:
    weth, other = scratch_chain.world.weth, accounts.account(99, "searcher", 1).address
    results = bench.check(
        bench.tx(weth, abi.call("deposit()"), value=ETHER),
        bench.tx(weth, abi.call("transfer(address,uint256)", other, 10**17), ahead=1),
        bench.tx(weth, abi.call("withdraw(uint256)", 9 * 10**17), ahead=2),
        bench.tx(weth, abi.call("withdraw(uint256)", 1), ahead=3),  # reverts: nothing left
        bench.tx(other, value=5, ahead=4, gas=21_000),
    )
    assert [result.success for result in results] == [True, True, True, False, True]


def test_swaps_through_three_pools_one_after_the_other(bench: Bench, scratch_chain: Any) -> None:
    world = scratch_chain.world
    first, *_, last = triangle(world)
    router, who = world.v3.router, bench.who.address
    results = bench.check(
        bench.tx(router, swap(first, who, 10**17), value=10**17),
        bench.tx(router, swap(last, who, 10**16), value=10**16, ahead=1),
        bench.tx(router, swap(first, who, 10**17), value=10**17, ahead=2),
        bench.tx(router, swap(first, who, 10**17, least=10**30), value=10**17, ahead=3),
    )
    assert [result.success for result in results] == [True, True, True, False]
    assert results[0].output != results[2].output
    assert results[3].revert_reason == "Too little received"


@pytest.mark.parametrize("index", range(4))
def test_a_lending_market_through_proxies_and_libraries(bench: Bench, scratch_chain: Any, index: int) -> None:
    world = scratch_chain.world
    bench.who = world.account("borrower", index)
    bench.node.rpc.call("anvil_setBalance", bench.who.address, hex(10 * ETHER))
    bench.node.mine()
    borrow = "borrow(address,uint256,uint256,uint16,address)"
    calls = [
        abi.call(borrow, world.tokens["USDC"].address, 10**6, 2, 0, bench.who.address),
        abi.call("withdraw(address,uint256,address)", world.weth, 10**15, bench.who.address),
        abi.call(borrow, world.weth, 10**14, 2, 0, bench.who.address),
        abi.call("liquidationCall(address,address,address,uint256,bool)", world.weth, world.weth, world.weth, 1, False),
    ]
    results = bench.check(*(bench.tx(world.aave.pool, call, ahead=i) for i, call in enumerate(calls)))
    assert not results[-1].success


def test_the_next_block_sees_the_chain_and_not_the_cache(bench: Bench, scratch_chain: Any) -> None:
    world = scratch_chain.world
    path = triangle(world)[0]
    outputs = set()
    for _ in range(3):
        call = swap(path, bench.who.address, 10**18)
        [result] = bench.check(bench.tx(world.v3.router, call, value=10**18))
        outputs.add(result.output)
    assert len(outputs) == 3


def test_code_that_changed_is_read_again(bare: Bench) -> None:
    for value in (1, 2):
        bare.node.rpc.call("anvil_setCode", CODE_AT, f"0x60{value:02x}60005260206000f3")
        bare.node.mine()
        assert int.from_bytes(bare.fork().call(CODE_AT, b"").output, "big") == value


def test_code_whose_hash_no_created_code_may_begin_with_is_read_again(bare: Bench) -> None:
    """Known code is compared by its hash, which a node is asked for as if it were code (EIP-3541)."""
    codes = {n: f"61{n:04x}60005260206000f3" for n in range(65536)}
    value = next(n for n, code in codes.items() if keccak256(bytes.fromhex(code))[0] == 0xEF)
    bare.node.rpc.call("anvil_setCode", CODE_AT, "0x" + codes[value])
    for _ in range(2):
        bare.node.mine()
        assert int.from_bytes(bare.fork().call(CODE_AT, b"").output, "big") == value


def test_revert_takes_the_effects_back(bench: Bench, scratch_chain: Any) -> None:
    weth, fork = scratch_chain.world.weth, bench.fork()
    owned, deposit = abi.call("balanceOf(address)", bench.who.address), abi.call("deposit()")
    before = fork.snapshot()
    cold = fork.run(bench.tx(weth, deposit, value=ETHER))
    assert int.from_bytes(fork.call(weth, owned).output, "big") == ETHER
    between = fork.snapshot()
    warm = fork.run(bench.tx(weth, deposit, value=ETHER, ahead=1))
    assert warm.gas_used < cold.gas_used  # the slot is not zero any more
    fork.revert(between)
    assert fork.run(bench.tx(weth, deposit, value=ETHER, ahead=1)) == warm
    fork.revert(before)
    assert int.from_bytes(fork.call(weth, owned).output, "big") == 0
    assert fork.run(bench.tx(weth, deposit, value=ETHER)) == cold


# Bytecode, as (description, runtime code, calldata).
CONTRACTS = [
    ("a refund for a cleared slot", "60003560005560006000556001600155", (1).to_bytes(32, "big")),
    ("a fifth as the largest refund", "6001600055" + "6000600055" * 3, b""),
    ("a halt takes all gas", "fe", b""),
    ("a revert with data", "7f" + "ab" * 32 + "60005260206000fd", b""),
    ("the coinbase is warm", "413160005500", b""),
    ("a long calldata pays the floor", "00", bytes(range(256)) * 40),
    ("zeros in the calldata pay less", "00", bytes(9_000)),
    ("the gas price and the gas limit are seen", "3a60005545600155", b""),
    ("time and number are seen", "4260005543600155", b""),
    ("transient storage", "6007" + "6001" + "5d" + "60015c" + "600055", b""),
    ("the sender's balance has paid for the gas", "333160005533ff", b""),
    ("a caught revert in a frame that read storage", "6000600060006000600030" + "5af1" + "60005500", b""),
]


@pytest.mark.parametrize(("code", "data"), [pytest.param(c, d, id=name) for name, c, d in CONTRACTS])
def test_bytecode(bare: Bench, code: str, data: bytes) -> None:
    bare.node.rpc.call("anvil_setCode", CODE_AT, "0x" + code)
    bare.node.rpc.call("anvil_setStorageAt", CODE_AT, hex(0), f"{5:#066x}")
    bare.node.mine()
    bare.check(bare.tx(CODE_AT, data, gas=900_000), bare.tx(CODE_AT, data, ahead=1, gas=900_000))
    fork = bare.fork()
    for slot in (0, 1):
        mined = bare.node.rpc.call("eth_getStorageAt", CODE_AT, hex(slot), "latest")
        assert fork.storage(CODE_AT, slot) == int(mined, 16)


def test_a_slot_read_only_in_a_frame_that_reverts_is_fetched(bare: Bench) -> None:
    """The inner call reverts exactly because a slot is not zero; it leaves no trace in the journal."""
    inner = "600054600757005b60006000fd"
    outer = "6000600060006000600073" + "c1" * 20 + "5af160005500"
    bare.node.rpc.call("anvil_setCode", "0x" + "c1" * 20, "0x" + inner)
    bare.node.rpc.call("anvil_setStorageAt", "0x" + "c1" * 20, hex(0), f"{1:#066x}")
    bare.node.rpc.call("anvil_setCode", CODE_AT, "0x" + outer)
    bare.node.rpc.call("anvil_setStorageAt", CODE_AT, hex(0), f"{1:#066x}")
    bare.node.mine()
    [result] = bare.check(bare.tx(CODE_AT))
    assert result.success


def test_a_contract_is_deployed_and_used_in_the_same_block(bare: Bench) -> None:
    counter = "600054600101600055"  # one more in slot 0
    deploy = bare.tx(None, bytes.fromhex(CONSTRUCTOR + counter))
    created = created_by(bare.who.address, deploy.nonce or 0)
    failing = bare.tx(None, bytes.fromhex("60006000fd"), ahead=3)
    results = bare.check(deploy, bare.tx(created, ahead=1), bare.tx(created, ahead=2), failing)
    assert results[0].created == created
    assert not results[3].success


def test_a_sender_who_can_pay_only_once_runs_exactly(bare: Bench) -> None:
    tx = bare.tx(CODE_AT, value=ETHER, gas=100_000)
    bare.node.rpc.call("anvil_setBalance", bare.who.address, hex(ETHER + tx.gas_limit * tx.max_fee_wei))
    bare.node.rpc.call("anvil_setCode", CODE_AT, "0x4760005500")
    bare.node.mine()
    bare.check(tx)


@pytest.mark.parametrize(
    ("code", "named"),
    [("4860005500", "BASEFEE"), ("43600190034060005500", "BLOCKHASH"), ("4460005500", "PREVRANDAO")],
)
def test_what_the_evm_cannot_reproduce_is_refused(bare: Bench, code: str, named: str) -> None:
    bare.node.rpc.call("anvil_setCode", CODE_AT, "0x" + code)
    bare.node.rpc.call("anvil_setCode", "0x" + "c1" * 20, "0x60003560085748" + "60005b00")
    bare.node.mine()
    with pytest.raises(InexactError, match=named):
        bare.fork().run(bare.tx(CODE_AT))


@pytest.mark.parametrize(("length", "known"), [(100, True), (300, False)])
def test_state_that_leads_from_slot_to_slot(bare: Bench, length: int, known: bool) -> None:
    """Each slot names the next one, and the end reverts, so that the node's own access list is no help. Where it takes
    too long the call is refused, since anybody's pending transaction may do so."""
    bare.node.rpc.call("anvil_setCode", CODE_AT, "0x60005b5480600257" + "60006000fd")
    for slot in range(length):
        bare.node.rpc.call("anvil_setStorageAt", CODE_AT, hex(slot), f"{slot + 1:#066x}")
    bare.node.mine()
    if known:
        assert not bare.check(bare.tx(CODE_AT))[0].success
    else:
        with pytest.raises(InexactError, match="still read new state"):
            bare.fork().run(bare.tx(CODE_AT))


def test_an_opcode_that_is_there_but_not_executed_is_no_obstacle(bare: Bench) -> None:
    bare.node.rpc.call("anvil_setCode", CODE_AT, "0x6000356008574800" + "5b600160005500")
    bare.node.mine()
    with pytest.raises(InexactError, match="BASEFEE"):
        bare.fork().run(bare.tx(CODE_AT))
    bare.check(bare.tx(CODE_AT, (1).to_bytes(32, "big")))


def test_a_missing_precompile_is_refused(bare: Bench) -> None:
    bare.node.rpc.call("anvil_setCode", CODE_AT, "0x60006000600060006101005afa60005500")
    bare.node.mine()
    with pytest.raises(InexactError, match="P256VERIFY"):
        bare.fork().run(bare.tx(CODE_AT))


def test_transactions_that_no_block_could_hold(bare: Bench) -> None:
    fork = bare.fork()
    cases = [
        (bare.tx(CODE_AT, ahead=1), "nonce"),
        (bare.tx(CODE_AT, value=10**30), "balance"),
        (bare.tx(CODE_AT, gas=31_000_000), "the block has"),
        (bare.tx(CODE_AT, bytes(5000), gas=30_000), "needs"),
        (CallTx(sender=bare.who.address, to=CODE_AT, data=b"", gas_limit=21_000, max_fee_wei=1), "below"),
    ]
    for tx, found in cases:
        with pytest.raises(NotIncludableError, match=found):
            fork.run(tx)


def test_an_unknown_block_and_a_dead_node_are_out_of_reach(bare: Bench) -> None:
    gone = BlockRef(5, Hash32("0x" + "12" * 32), Hash32("0x" + "13" * 32), 0)
    with pytest.raises(OutOfReachError):
        bare.simulator.fork(gone, bare.fork().env).run(bare.tx(CODE_AT))
    with pytest.raises(OutOfReachError, match="did not answer"):
        Fork.open("http://user:secret@127.0.0.1:9", gone, bare.fork().env).balance(CODE_AT)


async def test_forks_of_one_node_may_run_in_several_threads(bench: Bench, scratch_chain: Any) -> None:
    world = scratch_chain.world
    paths = triangle(world)[:6]
    txs = [bench.tx(world.v3.router, swap(path, bench.who.address, 10**17), value=10**17) for path in paths]
    alone = [bench.fork().run(tx) for tx in txs]
    threads: set[int] = set()

    def work(fork: Fork, tx: CallTx) -> Executed:
        threads.add(threading.get_ident())
        return fork.run(tx)

    together = await asyncio.gather(*(asyncio.to_thread(work, bench.fork(), tx) for tx in txs))
    assert list(together) == alone
    assert threading.get_ident() not in threads
