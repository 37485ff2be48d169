"""Tokens that turn bad without an event: what was proved on them once is not planned with every block, and no trade
that was approved touches them."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from tallyio.app.figures import write_figures
from tallyio.app.report import make_report
from tallyio.app.run import BlockLimit, figures_of
from tallyio.app.searcher import Searcher
from tallyio.config.directory import ConfigDirectory
from tallyio.core.chain import NewBlock
from tallyio.core.trade import SwapStep
from tallyio.devnet import abi
from tallyio.market.market import Market
from tallyio.market.suspicion import FIRST

TRANSFER, TRANSFER_FROM = bytes.fromhex("a9059cbb"), bytes.fromhex("23b872dd")
CODE_AT = 0xC0DE << 144
STOP, ALL = b"\x5b\x60\x00\x60\x00\xfd", b"\x60\x01"
"""Revert without a word; a condition that always holds."""


def answering_zero() -> bytes:
    return b"\x5b\x60\x00\x60\x00\x52\x60\x20\x60\x00\xf3"


def short_changing() -> bytes:
    """``transfer`` moves 1 % less than it was asked for: the second argument in memory, less its hundredth."""
    return b"\x5b\x60\x24\x51\x80\x60\x64\x90\x04\x90\x03\x60\x24\x52"


def turned_bad(original: int, condition: bytes, does: bytes, *, goes_on: bool = False) -> bytes:
    """A proxy's runtime, assembled by hand: a ``transfer`` or ``transferFrom`` for which ``condition`` leaves 1 on the
    stack comes to ``does``, which ends the call or ``goes_on`` to the code at ``original``, as all else does."""
    head = b"\x36\x60\x00\x60\x00\x37\x60\x00\x35\x60\xe0\x1c"
    head += b"\x80\x63" + TRANSFER + b"\x14\x90\x63" + TRANSFER_FROM + b"\x14\x17" + condition + b"\x16"
    call = b"\x5b\x60\x00\x60\x00\x36\x60\x00\x73" + original.to_bytes(20) + b"\x5a\xf4\x3d\x60\x00\x60\x00\x3e"
    start = len(head) + 4 + 4
    done = start + len(call) + 4 + 4
    bad = done + 5
    code = head + b"\x61" + bad.to_bytes(2) + b"\x57" + b"\x61" + start.to_bytes(2) + b"\x56"
    code += call + b"\x61" + done.to_bytes(2) + b"\x57\x3d\x60\x00\xfd"
    while len(code) < done:
        code += b"\x00"
    code += b"\x5b\x3d\x60\x00\xf3"
    return code + does + (b"\x61" + start.to_bytes(2) + b"\x56" if goes_on else b"")


def blacklisting(account: str) -> bytes:
    """Holds for a transfer to ``account``."""
    return b"\x60\x04\x35\x73" + bytes.fromhex(account[2:]) + b"\x14"


class Watching:
    """What a searcher in this process did with each block; ``handled`` is the last one that it has done with."""

    def __init__(self) -> None:
        self.handled = self._at = 0
        self.done = asyncio.Event()
        self.tried: dict[int, list[tuple[set[str], str]]] = {}

    def block(self, block: NewBlock) -> None:
        self._at = block.block.number
        self.tried[self._at] = []

    def stage(self, name: str, ns: int) -> None:
        if name == "reconcile":
            self.handled = self._at
            self.done.set()

    def decision(self, opportunity: Any, decision: Any) -> None:
        swaps = [step for step in opportunity.route.steps if isinstance(step, SwapStep)]
        tokens = {token for step in swaps for token in (step.token_in, step.token_out)}
        self.tried[self._at].append((tokens, decision.reason or "approved"))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *_: None


class Scene:
    """A searcher on the world, in this process; blocks are mined one by one, each once the one before is done with."""

    def __init__(self, ground: Any) -> None:
        self.ground, self.world, self.rpc = ground, ground.world, ground.anvil.rpc
        self.watching = Watching()

    def token(self, symbol: str) -> str:
        return str(self.world.tokens[symbol].address)

    def pair(self, protocol: str, *symbols: str) -> str:
        tokens = {self.token(s) for s in symbols}
        return str(next(p.address for p in self.world.pools if p.protocol == protocol and set(p.tokens) == tokens))

    def send(self, sender: str, to: str, data: bytes) -> None:
        self.rpc.call("anvil_impersonateAccount", sender)
        self.rpc.call("anvil_setBalance", sender, hex(10**20))
        fields = {"from": sender, "to": to, "data": "0x" + data.hex(), "gas": hex(3_000_000)}
        self.rpc.call("eth_sendTransaction", {**fields, "maxFeePerGas": hex(10**12)})

    def push(self, protocol: str, symbol: str) -> None:
        """A trader sells a fortieth of the pair's ether to it: what it then gives for the token is worth a trade."""
        pair, weth = self.pair(protocol, "WETH", symbol), self.world.weth
        asked = {"to": weth, "data": "0x" + abi.call("balanceOf(address)", pair).hex()}
        held = int(self.rpc.call("eth_call", asked, "latest"), 16)
        router = self.world.factory(protocol).routers[0]
        trader = self.world.account("trader", 1).address
        order = (held // 40, 0, [weth, self.token(symbol)], trader, 2**40)
        self.send(
            trader, router, abi.call("swapExactTokensForTokens(uint256,uint256,address[],address,uint256)", *order)
        )

    def turn_bad(self, symbol: str, condition: bytes, does: bytes, *, goes_on: bool = False) -> None:
        token = self.token(symbol)
        at = CODE_AT + int(token[-8:], 16)
        code = self.rpc.call("eth_getCode", token, "latest")
        self.rpc.call("anvil_setCode", f"0x{at:040x}", code)
        self.rpc.call("anvil_setCode", token, "0x" + turned_bad(at, condition, does, goes_on=goes_on).hex())

    def mend(self, symbol: str) -> None:
        token = self.token(symbol)
        code = self.rpc.call("eth_getCode", f"0x{CODE_AT + int(token[-8:], 16):040x}", "latest")
        self.rpc.call("anvil_setCode", token, code)

    async def mine(self) -> int:
        number = int(self.ground.mine())
        async with asyncio.timeout(60):
            while self.watching.handled < number:
                self.watching.done.clear()
                await self.watching.done.wait()
        return number

    def tried(self, block: int, symbol: str) -> list[str]:
        """What was decided on each trade with the token after ``block``."""
        return [reason for tokens, reason in self.watching.tried[block] if self.token(symbol) in tokens]

    def approved(self, block: int, symbol: str) -> bool:
        return GOOD in self.tried(block, symbol)


@pytest.fixture
def scene(ground: Any) -> Iterator[Scene]:
    """The ground, put back as it was after the test."""
    snapshot = ground.anvil.rpc.call("evm_snapshot")
    yield Scene(ground)
    ground.anvil.revert(snapshot)


GOOD, FAILED = "approved", "simulation_failed"
PUSHED = {"LINK": "pancakeswap_v2", "WBTC": "uniswap_v2", "USDT": "pancakeswap_v2", "STETH": "uniswap_v2"}
"""A pair with WETH that is pushed, for each token."""


async def test_tokens_that_turn_bad(ready: Any, scene: Scene) -> None:
    limit = BlockLimit(0)
    ready.replace("tallyio.toml", "plan_ms = 700", "plan_ms = 20000")  # every trade is to be tried
    async with Searcher(ConfigDirectory.open(ready.root), live=False, observers=(limit, scene.watching)) as searcher:
        running = asyncio.create_task(searcher.run())
        await scene.mine()
        first = await proved_good_then_bad(scene)
        await tried_again_and_again(scene, first, searcher.mirror.market)
        searcher.cancel()
        await running
        figures = figures_of(searcher, limit, None)
        write_figures(searcher.directory.data_dir, replace(figures, first_block=first, last_block=first + 2))
    told = await make_report(ready.root, missed=True, html=None)
    for symbol in ("WBTC", "LINK", "STETH", "DAI"):
        pools = {p.address for p in scene.world.pools if scene.token(symbol) in p.tokens}
        missed = [each for each in told["missed"] if pools >= set(each["pools"])]
        assert {each["reason"] for each in missed if each["block"] == first + 1} == {"simulation failed"}, symbol
        left = [each for each in missed if each["block"] == first + 2]
        assert {each["reason"] for each in left} == {"risk"}, symbol
        assert all("its trade failed in simulation" in each["detail"] for each in left)


async def proved_good_then_bad(scene: Scene) -> int:
    """The block with which the tokens are bad; each was traded well in the block before it."""
    for symbol, protocol in PUSHED.items():
        scene.push(protocol, symbol)
    scene.push("uniswap_v2", "DAI")
    good = await scene.mine()
    assert all(scene.tried(good, symbol) == [GOOD] * len(scene.tried(good, symbol)) for symbol in (*PUSHED, "DAI"))
    assert all(scene.tried(good, symbol) for symbol in (*PUSHED, "DAI"))

    scene.turn_bad("WBTC", ALL, STOP)  # paused
    scene.turn_bad("USDT", blacklisting(scene.ground.executor), STOP)
    scene.turn_bad("LINK", blacklisting(scene.pair("pancakeswap_v2", "WETH", "LINK")), answering_zero())
    scene.turn_bad("STETH", ALL, short_changing(), goes_on=True)
    pair, trader = scene.pair("uniswap_v2", "DAI", "WETH"), scene.world.account("trader", 1).address
    scene.send(pair, scene.token("DAI"), abi.call("transfer(address,uint256)", trader, 2000 * 10**18))  # rebased
    bad = await scene.mine()
    for symbol in ("WBTC", "LINK", "STETH", "DAI"):
        assert FAILED in scene.tried(bad, symbol)
        assert not scene.approved(bad, symbol), symbol
    assert scene.approved(bad, "USDT")  # from pair to pair, which is not forbidden
    return bad


async def tried_again_and_again(scene: Scene, first: int, market: Market) -> None:
    """None is planned with every block; the one that is mended comes back, the others stay away for longer."""
    paused = scene.token("WBTC")
    for block in range(first + 1, first + FIRST):
        assert await scene.mine() == block
        assert not any(scene.tried(block, symbol) for symbol in ("WBTC", "LINK", "STETH"))
        assert scene.approved(block, "USDT")
        assert any(reason.startswith(f"token {paused}: set aside until") for reason in market.untradable.values())
    scene.mend("LINK")
    again = await scene.mine()
    assert again == first + FIRST
    for symbol in ("WBTC", "STETH"):
        assert set(scene.tried(again, symbol)) == {FAILED}
    assert scene.approved(again, "LINK")
    assert scene.approved(again, "USDT")
    last = await scene.mine()
    assert not any(scene.tried(last, symbol) for symbol in ("WBTC", "STETH"))
    assert scene.approved(last, "LINK")
    assert max(each.last for each in market.asides() if paused in each.reason) == again + 2 * FIRST
