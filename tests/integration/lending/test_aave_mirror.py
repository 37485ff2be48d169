"""The mirror of a lending market equals the chain to the wei, whatever happens on the market."""

from itertools import product
from random import Random
from typing import Any

import pytest

from tallyio.core.chain import BlockRef
from tallyio.core.errors import BugError, DivergenceError
from tallyio.devnet import abi
from tallyio.market.lending import LendingMirror
from tallyio.protocols.lending.aave_v3.abi import keccak
from tallyio.protocols.lending.aave_v3.events import AGGREGATOR, POOL, TOKEN
from tallyio.protocols.lending.aave_v3.health import unhealthy

Market = Any


async def mirror_at_head(market: Market) -> LendingMirror:
    accounts = [a.address for a in (*market.borrowers, market.supplier)]
    return await LendingMirror.start(market.read, market.aave.addresses_provider, accounts, market.head)


async def follow(market: Market, mirror: LendingMirror, block: BlockRef) -> None:
    for number in range(mirror.block.number + 1, block.number + 1):
        await mirror.advance(market.block(number), market.logs(number, number), market.read)


async def test_the_first_read_agrees_with_the_chain(market: Market) -> None:
    mirror = await mirror_at_head(market)
    assert await mirror.verify(market.read) == []
    assert len(mirror.state.reserves) == 7
    assert len(mirror.state.accounts) >= 25
    assert mirror.state.polled == frozenset()
    assert mirror.state.emodes[1].bonus_bps == 10100


async def test_a_missing_holder_is_found(market: Market) -> None:
    accounts = [a.address for a in market.borrowers]
    mirror = await LendingMirror.start(market.read, market.aave.addresses_provider, accounts, market.head)
    assert any(d.what.startswith("all aTokens of") for d in await mirror.verify(market.read))


LIQUIDATION_CALL = "liquidationCall(address,address,address,uint256,bool)"


class Actors:
    """Random actions on the market, reverting ones included."""

    def __init__(self, market: Market, mirror: LendingMirror, random: Random) -> None:
        self.m, self.mirror, self.random = market, mirror, random
        self.prices = {s: market.world.tokens[s].price_e8 for s in market.assets}

    def prepare(self) -> None:
        """Everybody owns some of everything and lets the market take it."""
        for borrower in self.m.borrowers[:10]:
            for symbol in self.m.assets:
                self.m.give(symbol, borrower, self.m.world.tokens[symbol].amount(5_000_000 * 10**8))
        self.m.mine()

    def act(self) -> None:
        random, m = self.random, self.m
        who, other = random.sample(m.borrowers[:10], 2)
        symbol = random.choice(list(m.assets))
        asset = m.assets[symbol]
        amount = m.world.tokens[symbol].amount(int(10 ** random.uniform(8, 13))) + random.randrange(1000)
        everything = 2**256 - 1
        name = random.choice(ACTIONS)
        pool = m.pool
        if name == "supply":
            m.send(who, pool, "supply(address,uint256,address,uint16)", asset, amount, other.address, 0)
        elif name == "withdraw":
            taken = random.choice((amount, everything))
            m.send(who, pool, "withdraw(address,uint256,address)", asset, taken, who.address)
        elif name == "borrow":
            m.send(who, pool, "borrow(address,uint256,uint256,uint16,address)", asset, amount, 2, 0, who.address)
        elif name == "repay":
            m.send(who, pool, "repay(address,uint256,uint256,address)", asset, amount, 2, other.address)
            m.send(who, pool, "repay(address,uint256,uint256,address)", asset, everything, 2, who.address)
        elif name == "repay with aTokens":
            paid = random.choice((amount, everything))
            m.send(who, pool, "repayWithATokens(address,uint256,uint256)", asset, paid, 2)
        elif name == "transfer":
            token = self.a_token(asset)
            m.send(who, token, "transfer(address,uint256)", random.choice((other, who)).address, amount)
        elif name == "collateral":
            m.send(who, pool, "setUserUseReserveAsCollateral(address,bool)", asset, random.random() < 0.5)
        elif name == "emode":
            m.send(who, pool, "setUserEMode(uint8)", random.choice((0, 1)))
        elif name == "price":
            self.prices[symbol] = max(1, int(self.prices[symbol] * random.choice((0.7, 0.9, 0.95, 1.05, 1.1, 1.3))))
            m.set_price(symbol, self.prices[symbol])
        elif name == "liquidate":
            weak = [a for a, _ in unhealthy(self.mirror.state, self.mirror.block.timestamp + 12)]
            borrower = random.choice(weak) if weak else other.address
            position = self.mirror.state.accounts[borrower]
            collateral, debt = random.choice([*position.supplied, asset]), random.choice([*position.borrowed, asset])
            in_a_tokens = random.random() < 0.4
            m.send(
                who,
                pool,
                LIQUIDATION_CALL,
                collateral,
                debt,
                borrower,
                random.choice((amount, everything)),
                in_a_tokens,
            )
        elif name == "treasury":
            m.send(who, pool, "mintToTreasury(address[])", list(m.assets.values()))

    def crash(self) -> None:
        """Everything that is no dollar loses most of its value: many accounts owe more than they hold."""
        for symbol in ("WETH", "WBTC", "LINK", "STETH"):
            self.prices[symbol] = self.prices[symbol] * 4 // 10
            self.m.set_price(symbol, self.prices[symbol])

    def liquidate_all(self) -> None:
        for borrower, _ in unhealthy(self.mirror.state, self.mirror.block.timestamp + 12):
            position = self.mirror.state.accounts[borrower]
            for collateral, debt in product(position.supplied, position.borrowed):
                who = self.random.choice(self.m.borrowers[:10])
                self.m.send(who, self.m.pool, LIQUIDATION_CALL, collateral, debt, borrower, 2**256 - 1, False)

    def govern(self) -> None:
        """One change of the market's configuration."""
        random, m = self.random, self.m
        asset = random.choice(list(m.assets.values()))
        rates = (random.randrange(5000, 9000), random.randrange(0, 300), random.randrange(100, 500), 6000)
        threshold = random.randrange(7000, 8500)
        calls: list[tuple[Any, ...]] = [
            ("setReserveFactor(address,uint256)", asset, random.randrange(0, 5000)),
            ("setLiquidationProtocolFee(address,uint256)", asset, random.randrange(0, 3000)),
            ("setReserveFreeze(address,bool)", asset, random.random() < 0.3),
            ("setReservePause(address,bool,uint40)", asset, random.random() < 0.2, random.choice((0, 60))),
            ("configureReserveAsCollateral(address,uint256,uint256,uint256)", asset, 6000, threshold, 10600),
            ("setEModeCategory(uint8,uint16,uint16,uint16,string)", 1, 9000, random.randrange(9200, 9600), 10200, "e"),
            ("setAssetBorrowableInEMode(address,uint8,bool)", asset, 1, random.random() < 0.5),
            ("setAssetCollateralInEMode(address,uint8,bool)", asset, 1, random.random() < 0.7),
            ("setReserveInterestRateData(address,bytes)", asset, b"".join(n.to_bytes(32) for n in rates)),
            ("updateFlashloanPremium(uint128)", random.randrange(0, 20)),
            ("setReserveBorrowing(address,bool)", asset, random.random() < 0.8),
            ("disableLiquidationGracePeriod(address)", asset),
        ]
        m.send(m.admin, m.aave.configurator, *random.choice(calls))

    def a_token(self, asset: str) -> Any:
        answer = self.m.rpc.call(
            "eth_call",
            {"to": self.m.pool, "data": "0x" + abi.call("getReserveAToken(address)", asset).hex()},
            "latest",
        )
        return "0x" + answer[-40:]


ACTIONS = (
    *("supply",) * 4,
    *("borrow",) * 6,
    *("withdraw",) * 3,
    *("repay",) * 2,
    *("price",) * 3,
    *("liquidate",) * 5,
    "repay with aTokens",
    "transfer",
    "transfer",
    "collateral",
    "emode",
    "treasury",
)


@pytest.mark.parametrize(
    ("seed", "blocks"), [(1, 20), pytest.param(2, 100, marks=[pytest.mark.nightly, pytest.mark.timeout(900)])]
)
async def test_random_actions_leave_no_difference(market: Market, seed: int, blocks: int) -> None:
    random = Random(seed)
    mirror = await mirror_at_head(market)
    actors = Actors(market, mirror, random)
    actors.prepare()
    seen: set[str] = set()
    for i in range(blocks):
        for _ in range(random.randrange(1, 12)):
            actors.act()
        if i == 10:
            actors.crash()
        if i == 11:
            actors.liquidate_all()
        if random.random() < 0.5:
            actors.govern()
        block = market.mine(random.choice((1, 12, 12, 3600, 86_400 * 5)))
        await follow(market, mirror, block)
        seen |= {e.topics[0] for e in market.logs(block.number, block.number)}
        assert await mirror.verify(market.read) == []
    assert mirror.skipped_logs == 0
    happened = {shape.name for shape in (*POOL.values(), *TOKEN.values(), *AGGREGATOR.values()) if shape.topic in seen}
    expected = {"Mint", "Burn", "BalanceTransfer", "LiquidationCall", "DeficitCreated", "AnswerUpdated", "Repay"}
    assert expected <= happened


async def test_a_rewound_mirror_is_what_it_was(market: Market) -> None:
    mirror = await mirror_at_head(market)
    begun, before = mirror.block, mirror.state
    market.set_price("WETH", 1_000 * 10**8)
    market.mine()
    market.set_price("WETH", 1_100 * 10**8)
    head = market.mine()
    await follow(market, mirror, head)
    assert mirror.state.prices_e8[market.assets["WETH"]] == 1_100 * 10**8
    mirror.rewind(market.block(head.number - 1))
    assert mirror.state.prices_e8[market.assets["WETH"]] == 1_000 * 10**8
    mirror.rewind(begun)
    assert mirror.state == before
    with pytest.raises(BugError, match="does not follow"):
        mirror.apply(head, ())
    with pytest.raises(DivergenceError, match="not among"):
        mirror.rewind(head)


async def test_a_new_reserve_is_mirrored_from_its_first_block(market: Market) -> None:
    """Listed, configured, supplied and borrowed in one block; its price comes from a source that has no events."""
    mirror = await mirror_at_head(market)
    m, who = market, market.borrowers[0]
    token = m.world.tokens["VAST"]
    reserve = mirror.state.reserves[m.assets["LINK"]]
    rates = abi.pack("(uint16,uint32,uint32,uint32)", 8000, 0, 400, 6000)
    code = [implementation(m, address) for address in (reserve.a_token, reserve.debt_token)]
    listing = (*code, token.address, "A", "a", "D", "d", b"", rates)
    m.give("VAST", who, 10**24)
    m.send(m.admin, m.aave.configurator, LIST, [listing], gas=8_000_000)
    ratios = (7000, 7500, 10600)
    m.send(
        m.admin, m.aave.configurator, "configureReserveAsCollateral(address,uint256,uint256,uint256)",
        token.address, *ratios,
    )  # fmt: skip
    m.send(m.admin, m.aave.configurator, "setReserveBorrowing(address,bool)", token.address, True)
    source = m.world.feeds["LINK"].aggregator
    m.send(m.admin, m.aave.oracle, "setAssetSources(address[],address[])", [token.address], [source])
    m.send(who, m.pool, "supply(address,uint256,address,uint16)", token.address, 10**23, who.address, 0)
    m.send(who, m.pool, "borrow(address,uint256,uint256,uint16,address)", token.address, 10**21, 2, 0, who.address)
    await follow(m, mirror, m.mine())
    assert mirror.state.accounts[who.address].borrowed[token.address] == 10**21
    assert mirror.state.reserves[token.address].id == 7
    assert await mirror.verify(m.read) == []
    m.set_price("LINK", 17 * 10**8)
    await follow(m, mirror, m.mine(3600))
    assert mirror.state.prices_e8[token.address] == 17 * 10**8
    assert await mirror.verify(m.read) == []


async def test_a_price_without_events_is_polled(market: Market) -> None:
    """A source that only answers ``latestAnswer``, as price caps and composed feeds do."""
    mirror = await mirror_at_head(market)
    m, source, asset = market, "0x" + "99" * 20, market.assets["LINK"]
    m.rpc.call("anvil_setCode", source, "0x" + only_latest_answer().hex())
    m.rpc.call("anvil_setStorageAt", source, "0x" + "0" * 64, f"0x{11 * 10**8:064x}")
    m.send(m.admin, m.aave.oracle, "setAssetSources(address[],address[])", [asset], [source])
    await follow(m, mirror, m.mine())
    assert (mirror.state.polled, mirror.state.prices_e8[asset]) == (frozenset({asset}), 11 * 10**8)
    m.rpc.call("anvil_setStorageAt", source, "0x" + "0" * 64, f"0x{12 * 10**8:064x}")
    await follow(m, mirror, m.mine())
    assert mirror.state.prices_e8[asset] == 12 * 10**8
    assert await mirror.verify(m.read) == []


LIST = "initReserves((address,address,address,string,string,string,string,bytes,bytes)[])"


def implementation(market: Market, proxy: str) -> str:
    """The code behind an EIP-1967 proxy."""
    slot = f"0x{int.from_bytes(keccak('eip1967.proxy.implementation')) - 1:064x}"
    found: str = market.rpc.call("eth_getStorageAt", proxy, slot, "latest")
    return "0x" + found[-40:]


def only_latest_answer() -> bytes:
    """Runtime code: ``latestAnswer()`` returns storage slot 0, every other call reverts."""
    selector = keccak("latestAnswer()")[:4]
    check = bytes.fromhex("5f3560e01c63") + selector + bytes.fromhex("146011575f5ffd")
    body = bytes.fromhex("5b5f545f5260205ff3")
    return check + body
