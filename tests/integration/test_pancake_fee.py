"""PancakeSwap's pairs keep 25 of 10000: what the router quotes arrives, and the pair refuses one unit more."""

import re
from itertools import product

import pytest

from tallyio.core.errors import BugError
from tallyio.devnet import abi
from tallyio.devnet.accounts import sign
from tallyio.devnet.artifacts import from_package
from tallyio.devnet.deploy.pancake import (
    ODD,
    PAIR,
    PRODUCTION_FEE,
    compiled,
    pancake_contracts,
    published_sources,
    with_production_fee,
)
from tallyio.devnet.node_rpc import RpcRefusedError

VENUE = "pancakeswap_v2"
SWAP = "swap(uint256,uint256,address,bytes)"


@pytest.fixture(scope="module")
def published():
    return published_sources()


class Desk:
    """One trader's transactions, a block for each, and views."""

    def __init__(self, chain) -> None:
        self.world, self.anvil = chain.world, chain.anvil
        self.trader = chain.world.account("trader", 0)
        self.router = chain.world.factory(VENUE).routers[0]

    def ask(self, to: str, signature: str, returns: str, *arguments: object):
        data = "0x" + abi.call(signature, *arguments).hex()
        answer = self.anvil.rpc.call("eth_call", {"from": self.trader.address, "to": to, "data": data}, "latest")
        return abi.unpack(returns, bytes.fromhex(answer[2:]))

    def do(self, to: str, data: bytes) -> None:
        nonce = int(self.anvil.rpc.call("eth_getTransactionCount", self.trader.address, "latest"), 16)
        raw, tx_hash = sign(self.trader, self.world.chain_id, nonce, to, data, gas=3_000_000)
        self.anvil.rpc.call("eth_sendRawTransaction", "0x" + raw.hex())
        self.anvil.mine()
        assert self.anvil.rpc.call("eth_getTransactionReceipt", tx_hash)["status"] == "0x1"

    def balance(self, token: str, holder: str) -> int:
        return self.ask(token, "balanceOf(address)", "(uint256)", holder)[0]

    def reserves(self, pool) -> dict[str, int]:
        reserve0, reserve1, _ = self.ask(pool.address, "getReserves()", "(uint112,uint112,uint32)")
        return {pool.token0: reserve0, pool.token1: reserve1}


@pytest.fixture
def desk(scratch_chain) -> Desk:
    return Desk(scratch_chain)


def plain_pools(world):
    return [p for p in world.pools if p.protocol == VENUE and p.address not in world.odd_pools]


def test_published_source_compiles_to_the_published_code(published):
    """So the source that we change is the one that the package was built from, and its settings are ours."""
    code = compiled(published)
    for name in ("PancakePair", "PancakeFactory"):
        assert code[name].creation == from_package("pancakeswap-v2", f"build/{name}.json").creation


def test_three_constants_change_and_nothing_else(published):
    changed = with_production_fee(published)
    assert {name for name in published if changed[name] != published[name]} == {PAIR}
    before, after = published[PAIR].splitlines(), changed[PAIR].splitlines()
    lines = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    words = re.compile(r"[\w*]+")
    assert [
        [(w, x) for w, x in zip(words.findall(old), words.findall(new), strict=True) if w != x] for old, new in lines
    ] == [
        [("1000", "10000"), ("2", "25")],
        [("1000", "10000"), ("2", "25")],
        [("1000**2", "10000**2")],
    ]
    assert [words.sub("", old) for old, _ in lines] == [words.sub("", new) for _, new in lines]


@pytest.mark.parametrize("constant", PRODUCTION_FEE)
def test_source_that_is_not_as_expected_is_refused(published, constant):
    for strange in ("", constant + constant):
        with pytest.raises(BugError, match="expected the published source"):
            with_production_fee({**published, PAIR: published[PAIR].replace(constant, strange)})
    with pytest.raises(BugError, match="0 times"):
        with_production_fee(with_production_fee(published))


def test_world_says_what_it_holds(desk):
    factory = desk.world.factory(VENUE)
    assert (factory.fee_pips, factory.odd) == (2500, ODD)
    assert not any(f.odd for f in desk.world.factories if f.name != VENUE)
    (told,) = desk.ask(factory.address, "INIT_CODE_PAIR_HASH()", "(bytes32)")
    assert told == pancake_contracts()["PancakePair"].init_code_hash
    assert {p.fee_pips for p in plain_pools(desk.world)} == {2500}


@pytest.mark.parametrize("divisor", [10**6, 997, 11])
def test_quote_arrives(desk, divisor):
    """Through the router, which finds the pairs by the hash of their code."""
    pools = [p for p in plain_pools(desk.world) if desk.world.tokens["FEE"].address not in (p.token0, p.token1)]
    assert len(pools) >= 5
    for pool in pools:
        for sold, bought in ((pool.token0, pool.token1), (pool.token1, pool.token0)):
            amount = desk.reserves(pool)[sold] // divisor
            path = [sold, bought]
            (quoted,) = desk.ask(desk.router, "getAmountsOut(uint256,address[])", "(uint256[])", amount, path)
            before = desk.balance(bought, desk.trader.address)
            order = "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)"
            desk.do(desk.router, abi.call(order, amount, quoted[1], path, desk.trader.address, 2**40))
            assert desk.balance(bought, desk.trader.address) - before == quoted[1]


def test_pair_pays_the_quote_and_refuses_one_unit_more(desk):
    """Also where the token takes a share of the transfer: what counts is what arrived at the pair."""
    compared = 0
    for pool, divisor, first in product(plain_pools(desk.world), (10**7, 1009, 3), (True, False)):
        sold, bought = (pool.token0, pool.token1) if first else (pool.token1, pool.token0)
        reserves = desk.reserves(pool)
        desk.do(sold, abi.call("transfer(address,uint256)", pool.address, reserves[sold] // divisor))
        paid = desk.balance(sold, pool.address) - reserves[sold]
        (out,) = desk.ask(
            desk.router, "getAmountOut(uint256,uint256,uint256)", "(uint256)", paid, reserves[sold], reserves[bought]
        )
        amounts = (lambda n: (0, n)) if first else (lambda n: (n, 0))
        with pytest.raises(RpcRefusedError, match="Pancake: K"):
            desk.ask(pool.address, SWAP, "()", *amounts(out + 1), desk.trader.address, b"")
        desk.do(pool.address, abi.call(SWAP, *amounts(out), desk.trader.address, b""))
        assert desk.reserves(pool) == {sold: reserves[sold] + paid, bought: reserves[bought] - out}
        compared += 1
    assert compared >= 36
