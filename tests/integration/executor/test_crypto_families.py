"""Curve's crypto pools through the executor: what the family says that a swap pays is gained to the wei.

The pools are the stand-ins that answer as the real ones were recorded to.
"""

from typing import Any

import pytest
from msgspec.structs import replace

from tallyio.core.pools import TRICRYPTO, TWOCRYPTO, Pool, PoolState
from tallyio.core.trade import Route, SwapStep
from tallyio.core.units import ETHER, ZERO_ADDRESS, Address
from tallyio.devnet import abi
from tallyio.devnet.deploy.standins import standins
from tallyio.devnet.node_rpc import RpcRefusedError
from tallyio.devnet.venues.crypto import DEPLOY, TERMS
from tallyio.execution.kinds import RECEIVED
from tallyio.protocols.dex.crypto import CryptoTerms
from tallyio.protocols.dex.family import Learned
from tallyio.protocols.dex.model import swap
from tallyio.protocols.dex.siblings import family_of

DEPTH = 1_000 * ETHER


class Place:
    """A pool of a family at prices of one, between A and WETH (and another), filled evenly."""

    def __init__(self, lab: Any, family: str, built_for_ether: bool) -> None:
        self.chain, n = lab.chain, 2 if family == TWOCRYPTO else 3
        coins = [lab.tokens[0], lab.weth, lab.tokens[1]][:n]
        name = {TWOCRYPTO: "TwocryptoFactory", TRICRYPTO: "TricryptoFactory"}[family]
        factory = Address(self.chain.create(standins("crypto")[name].code()))
        if n == 2:
            data = abi.call(DEPLOY[2], "", "", coins, 0, TERMS[2], ETHER)
        else:
            data = abi.call(DEPLOY[3], "", "", coins, ZERO_ADDRESS, int(built_for_ether), TERMS[3], [ETHER] * 2)
        self.chain.do(factory, data)
        at = Address(self.chain.ask(factory, "pool_list(uint256)", 0, returns="(address)"))
        for token in coins:
            lab.fund(token, self.chain.owner, DEPTH)
            self.chain.do(token, abi.call("approve(address,uint256)", at, DEPTH))
        self.chain.do(at, abi.call(f"add_liquidity(uint256[{n}],uint256)", [DEPTH] * n, 0))
        self.pool = Pool(at, family, "curve", tuple(coins), 0, terms=CryptoTerms())

    def read(self) -> PoolState:
        reading = family_of(self.pool).read(self.pool)
        calls = next(reading)
        with pytest.raises(StopIteration) as end:
            reading.send([self._answer(to, data) for to, data in calls])
        read = end.value.value
        assert isinstance(read, Learned)
        return read.state

    def _answer(self, to: Address, data: bytes) -> bytes | None:
        try:
            return bytes.fromhex(self.chain.rpc.call("eth_call", {"to": to, "data": "0x" + data.hex()}, "latest")[2:])
        except RpcRefusedError:
            return None


@pytest.mark.parametrize("received", [False, True])
@pytest.mark.parametrize(("family", "built_for_ether"), [(TWOCRYPTO, False), (TRICRYPTO, False), (TRICRYPTO, True)])
def test_a_crypto_pool_pays_what_its_family_says(lab: Any, family: str, built_for_ether: bool, received: bool) -> None:
    place = Place(lab, family, built_for_ether)
    a, weth = place.pool.tokens[:2]
    pair = lab.v2_pair("uniswap", {weth: 100 * ETHER, a: 110 * ETHER})
    bought = lab.swap("uniswap", pair, weth, a, ETHER)
    now = int(lab.chain.rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16) + 12
    told = swap(place.pool, place.read(), a, weth, bought.amount_out, now)
    variant, i, j = family_of(place.pool).detail(place.pool, a, weth)
    detail = variant + (RECEIVED if received else 0), i, j
    sold = SwapStep(place.pool.address, family, a, weth, bought.amount_out, told.amount_out, 0, detail=detail)
    route, gained = Route(funding=bought, inner=(sold,)), told.amount_out - ETHER
    assert gained > 0
    if received and built_for_ether:  # that build trades nothing that it was sent
        assert lab.execute(route)["status"] == "0x0"
        return
    more = replace(route, inner=(replace(sold, amount_out=told.amount_out + 1),))
    assert lab.execute(more, min_profit=gained + 1)["status"] == "0x0"
    assert lab.executed(lab.execute(route, min_profit=gained)) == (gained, 0)
