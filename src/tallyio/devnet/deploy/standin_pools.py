"""Pools of the stand-ins in a world: Solidly's family, Curve's StableSwap-NG, Liquidity Book."""

from collections.abc import Iterable, Mapping

import msgspec

from tallyio.chains.addresses import created2_by, created_by
from tallyio.chains.keccak import keccak256
from tallyio.core.pools import AERODROME, CAMELOT, CURVE_NG, LIQUIDITY_BOOK
from tallyio.core.units import Address
from tallyio.devnet import abi
from tallyio.devnet.accounts import Account
from tallyio.devnet.deploy.catalog import USD
from tallyio.devnet.deploy.session import Session
from tallyio.devnet.deploy.standins import standins
from tallyio.devnet.deploy.tokens import approve
from tallyio.devnet.world import Factory, Token

PAIRS = (("WETH", "USDC"), ("WETH", "WBTC"), ("USDC", "DAI"), ("WETH", "LINK"))
STABLE_PAIRS = (("USDC", "DAI"), ("USDC", "USDT"), ("WETH", "STETH"))
CURVE_POOLS = (("USDC", "USDT", "DAI"), ("WETH", "STETH"), ("USDC", "DAI"))
DEPTH_USD = 2_000_000
BIN_STEP, BINS, MIDDLE = 20, 15, 2**23
DEPLOY = "deploy_plain_pool(string,string,address[],uint256,uint256,uint256,uint256,uint256,uint8[],bytes4[],address[])"
_NO_ADDRESS, _ONE, _GAS = "0x" + "00" * 20, 10**18, 8_000_000


class Venue(msgspec.Struct, frozen=True):
    """A factory and its pools. It has no routers: pools are called themselves."""

    factory: Factory
    pools: tuple[Address, ...]


def deploy_solidly(session: Session, tokens: Mapping[str, Token], provider: Account) -> tuple[Venue, ...]:
    """Aerodrome's rounding and Camelot's, filled by ``provider``, who has the tokens already."""
    contracts = standins("solidly")
    aerodrome = session.create(contracts["SolidlyFactory"], abi.pack("(bool)", True))
    camelot = session.create(contracts["CamelotFactory"], abi.pack("(address)", session.deployer.address))
    pool_hash, pair_hash = (contracts[name].init_code_hash for name in ("SolidlyPool", "CamelotPair"))
    solidly, pairs = list[Address](), list[Address]()
    for symbols, stable in [*((each, False) for each in PAIRS), *((each, True) for each in STABLE_PAIRS)]:
        ends = _sorted(tokens, symbols)
        packed = b"".join(bytes.fromhex(end.address[2:]) for end in ends)
        addresses = [end.address for end in ends]
        data = abi.call("createPool(address,address,bool)", *addresses, stable)
        session.send(session.deployer, aerodrome, data, f"create a pool of {symbols}", gas=_GAS)
        pool = created2_by(aerodrome, keccak256(packed + bytes([stable])), pool_hash)
        solidly.append(_filled(session, provider, pool, ends, 1 if stable else 0))
        if not stable:
            data = abi.call("createPair(address,address)", *addresses)
            session.send(session.deployer, camelot, data, f"create a pair of {symbols}", gas=_GAS)
            pairs.append(_filled(session, provider, created2_by(camelot, keccak256(packed), pair_hash), ends, 0))
    return (
        Venue(Factory(AERODROME, AERODROME, aerodrome, 0, ()), tuple(solidly)),
        Venue(Factory(CAMELOT, CAMELOT, camelot, 0, ()), tuple(pairs)),
    )


def deploy_curve(session: Session, tokens: Mapping[str, Token], provider: Account) -> Venue:
    """Plain StableSwap-NG pools, filled by ``provider``, who has the tokens already."""
    factory, pools = session.create(standins("stableswap")["StableFactory"]), list[Address]()
    for number, symbols in enumerate(CURVE_POOLS):
        coins, n = [tokens[symbol] for symbol in symbols], len(symbols)
        order = ([coin.address for coin in coins], 200, 4 * 10**6, 2 * 10**10, 866, 0)
        rates = [0] * n, [bytes(4)] * n, [_NO_ADDRESS] * n
        data = abi.call(DEPLOY, "", "", *order, *rates)
        session.send(session.deployer, factory, data, f"create a pool of {symbols}", gas=_GAS)
        pool = created_by(factory, 2 + number)  # the factory made its views contract first
        for coin in coins:
            approve(session, coin, provider, pool)
        amounts = _even([coin.amount(DEPTH_USD * USD) for coin in coins], coins)
        data = abi.call("add_liquidity(uint256[],uint256)", amounts, 0)
        session.send(provider, pool, data, f"fill the pool of {symbols}")
        pools.append(pool)
    return Venue(Factory(CURVE_NG, CURVE_NG, factory, 0, ()), tuple(pools))


def deploy_liquidity_book(session: Session, tokens: Mapping[str, Token], provider: Account) -> Venue:
    """Pairs of version 2.2 with bins on both sides of the price, filled by ``provider``."""
    factory, pairs = session.create(standins("book")["LBFactory"], abi.pack("(bool)", True)), list[Address]()
    for number, symbols in enumerate(PAIRS[:2]):
        x, y = (tokens[symbol] for symbol in symbols)
        active = _bin_of(x, y)
        data = abi.call("createLBPair(address,address,uint24,uint16)", x.address, y.address, active, BIN_STEP)
        session.send(session.deployer, factory, data, f"create a pair of {symbols}", gas=_GAS)
        pair = created_by(factory, 1 + number)
        for token in (x, y):
            data = abi.call("transfer(address,uint256)", pair, token.amount(DEPTH_USD * USD))
            session.send(provider, token.address, data, f"send {token.symbol} to a pair")
        share = _ONE // (BINS + 1)
        sold = [(share << 88) | (active + k) for k in range(BINS + 1)]
        bought = [(share << 24) | (active - k) for k in range(BINS + 1)]
        configs = [(sold[0] | bought[0]).to_bytes(32), *(each.to_bytes(32) for each in (*sold[1:], *bought[1:]))]
        data = abi.call("mint(address,bytes32[],address)", provider.address, configs, provider.address)
        session.send(provider, pair, data, f"fill the pair of {symbols}", gas=_GAS)
        pairs.append(pair)
    return Venue(Factory(LIQUIDITY_BOOK, LIQUIDITY_BOOK, factory, 0, ()), tuple(pairs))


def _sorted(tokens: Mapping[str, Token], symbols: Iterable[str]) -> list[Token]:
    return sorted((tokens[symbol] for symbol in symbols), key=lambda token: token.address)


def _filled(session: Session, provider: Account, pool: Address, ends: list[Token], even: int) -> Address:
    """Sends both tokens and mints; a stable pool's first deposit is of as many whole tokens of each."""
    amounts = [end.amount(DEPTH_USD * USD) for end in ends]
    for end, amount in zip(ends, _even(amounts, ends) if even else amounts, strict=True):
        data = abi.call("transfer(address,uint256)", pool, amount)
        session.send(provider, end.address, data, f"send {end.symbol} to a pool")
    session.send(provider, pool, abi.call("mint(address)", provider.address), "fill a pool")
    return pool


def _even(amounts: list[int], tokens: list[Token]) -> list[int]:
    """As many whole tokens of each as there are of the scarcest."""
    whole = min(amount // 10**token.decimals for amount, token in zip(amounts, tokens, strict=True))
    return [whole * 10**token.decimals for token in tokens]


def _bin_of(x: Token, y: Token) -> int:
    """The bin whose price is nearest to that of the tokens' smallest units."""
    wanted, price, number = x.price_e8 * 10**y.decimals, y.price_e8 * 10**x.decimals, 0
    up = wanted > price
    while (wanted > price) == up and number < 2**19:
        if up:
            price = price * (10_000 + BIN_STEP) // 10_000
        else:
            wanted = wanted * (10_000 + BIN_STEP) // 10_000
        number += 1
    return MIDDLE + (number if up else -number)
