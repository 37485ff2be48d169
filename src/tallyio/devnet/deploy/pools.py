"""Pools and their first liquidity, at prices that agree with the feeds."""

import math
from collections.abc import Iterator, Mapping
from math import isqrt

from tallyio.chains.addresses import created2_by
from tallyio.chains.keccak import keccak256
from tallyio.core.clock import seeded
from tallyio.core.pools import V2, V3, Pool
from tallyio.core.units import UINT112_MAX, Address
from tallyio.devnet import abi
from tallyio.devnet.accounts import Account
from tallyio.devnet.deploy.catalog import TICK_SPACING, UNI3, USD, PoolPlan
from tallyio.devnet.deploy.exchanges import Exchanges
from tallyio.devnet.deploy.session import Session
from tallyio.devnet.deploy.tokens import give
from tallyio.devnet.world import Token

FOREVER = 2**40
"""A deadline that no devnet reaches."""
MIN_TICK = -887_272
ROOM_TO_LIMIT = 10**24
POOL_GAS = 7_000_000

# Ranges of the first positions, in ticks around the price, and their share of the depth in percent.
_RANGES = ((-250, 250, 12), (-1200, 1200, 20), (-6000, 6000, 25), (-4000, -400, 8), (400, 4000, 8), (-40000, 40000, 27))
_STABLE_RANGES = ((-5, 5, 15), (-30, 30, 25), (-200, 200, 25), (-60, -10, 5), (10, 60, 5), (-3000, 3000, 25))


class Seeder:
    """Creates the planned pools and lets the liquidity providers fill them, each position by another provider."""

    def __init__(
        self, session: Session, tokens: Mapping[str, Token], exchanges: Exchanges, providers: list[Account], seed: int
    ) -> None:
        self._session = session
        self._tokens = tokens
        self._exchanges = exchanges
        self._providers = providers
        self._random = seeded(seed, "pools")
        self._factories = {f.name: f for f in exchanges.factories}
        self._turn = 0

    def create(self, plan: PoolPlan) -> Pool:
        """Queue the transactions that make one pool; the answer is what it will be."""
        pair = sorted((self._tokens[plan.a], self._tokens[plan.b]), key=lambda token: token.address)
        depth_e8 = int(plan.depth_usd * USD * self._random.uniform(0.6, 1.4))
        if plan.venue == UNI3:
            self._create_v3(plan, pair[0], pair[1], depth_e8)
        else:
            self._create_v2(plan, pair[0], pair[1], depth_e8)
        family, spacing = (V3, TICK_SPACING[plan.fee_pips]) if plan.venue == UNI3 else (V2, 0)
        address = self._address(plan, pair[0].address, pair[1].address)
        return Pool(address, family, plan.venue, (pair[0].address, pair[1].address), plan.fee_pips, spacing)

    def _provider(self) -> Account:
        self._turn += 1
        return self._providers[self._turn % len(self._providers)]

    def _create_v2(self, plan: PoolPlan, t0: Token, t1: Token, depth_e8: int) -> None:
        factory = self._factories[plan.venue]
        provider = self._provider()
        if plan.odd == "no liquidity":
            data = abi.call("createPair(address,address)", t0.address, t1.address)
            self._session.send(provider, factory.address, data, "create a pair", gas=POOL_GAS)
            return
        amounts = (_to_arrive(t0, t0.amount(depth_e8)), _to_arrive(t1, t1.amount(depth_e8)))
        if plan.odd:
            amounts = (UINT112_MAX - ROOM_TO_LIMIT, UINT112_MAX - ROOM_TO_LIMIT)
        for token, amount in zip((t0, t1), amounts, strict=True):
            if plan.odd:
                give(self._session, token, provider, amount)
        data = abi.call(
            "addLiquidity(address,address,uint256,uint256,uint256,uint256,address,uint256)",
            t0.address, t1.address, *amounts, 0, 0, provider.address, FOREVER,
        )  # fmt: skip
        label = f"add liquidity to {plan.venue} {plan.a}/{plan.b}"
        self._session.send(provider, factory.routers[0], data, label, gas=POOL_GAS)

    def _create_v3(self, plan: PoolPlan, t0: Token, t1: Token, depth_e8: int) -> None:
        value_e8 = 10**9 * USD
        sqrt_price = isqrt((t1.amount(value_e8) << 192) // t0.amount(value_e8))
        data = abi.call(
            "createAndInitializePoolIfNecessary(address,address,uint24,uint160)",
            t0.address, t1.address, plan.fee_pips, sqrt_price,
        )  # fmt: skip
        manager = self._exchanges.v3.manager
        label = f"{plan.a}/{plan.b} at {plan.fee_pips} pips"
        self._session.send(self._provider(), manager, data, f"create the v3 pool {label}", gas=POOL_GAS)
        if plan.odd:
            return
        for lower, upper, share in self._ranges(plan, sqrt_price):
            amount0, amount1 = (token.amount(depth_e8 * share // 100) for token in (t0, t1))
            provider = self._provider()
            mint = mint_call(t0.address, t1.address, plan.fee_pips, lower, upper, amount0, amount1, provider.address)
            self._session.send(provider, manager, mint, f"mint a position in {label}")

    def _ranges(self, plan: PoolPlan, sqrt_price_x96: int) -> Iterator[tuple[int, int, int]]:
        spacing = TICK_SPACING[plan.fee_pips]
        tick = tick_near(sqrt_price_x96)
        for below, above, share in _STABLE_RANGES if plan.fee_pips == 100 else _RANGES:
            lower, upper = align(tick + below, spacing), align(tick + above, spacing)
            yield lower, max(upper, lower + spacing), share

    def _address(self, plan: PoolPlan, token0: Address, token1: Address) -> Address:
        factory = self._factories[plan.venue].address
        if plan.venue == UNI3:
            salt = keccak256(abi.pack("(address,address,uint24)", token0, token1, plan.fee_pips))
        else:
            salt = keccak256(bytes.fromhex(token0[2:] + token1[2:]))
        return created2_by(factory, salt, self._exchanges.init_code[plan.venue])


def _to_arrive(token: Token, amount: int) -> int:
    """What to send so that about ``amount`` arrives."""
    return amount * 10_000 // (10_000 - token.transfer_fee_bps)


def mint_call(
    token0: Address, token1: Address, fee_pips: int, lower: int, upper: int, amount0: int, amount1: int, to: Address
) -> bytes:
    """Calldata that mints a v3 position through the position manager."""
    return abi.call(
        "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))",
        (token0, token1, fee_pips, lower, upper, amount0, amount1, 0, 0, to, FOREVER),
    )


def tick_near(sqrt_price_x96: int) -> int:
    """The tick of a price, give or take one: good enough to place a position."""
    return math.floor(2 * math.log(sqrt_price_x96 / 2**96) / math.log(1.0001))


def align(tick: int, spacing: int) -> int:
    """The usable tick at or below ``tick``."""
    limit = -MIN_TICK // spacing * spacing
    return max(-limit, min(limit, tick // spacing * spacing))
