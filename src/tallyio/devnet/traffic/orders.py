"""A swap order: how it is quoted, and the router calls that carry it out."""

from collections.abc import Mapping

import msgspec

from tallyio.core.pools import V3, Pool
from tallyio.core.units import BPS, Address
from tallyio.devnet import abi
from tallyio.devnet.accounts import Account
from tallyio.devnet.deploy.pools import FOREVER
from tallyio.devnet.traffic.outbox import Intent
from tallyio.devnet.world import World

UNISWAP_V2 = "uniswap_v2"
SWAP_GAS = 600_000


class Order(msgspec.Struct, frozen=True):
    """Swap along ``pools`` (one family, one factory). ``amount`` is the input, or the output when ``exact_out``.

    ``style`` picks among the routers and functions that can carry it out: 0 or 1.
    """

    trader: Account
    pools: tuple[Pool, ...]
    token_in: Address
    amount: int
    exact_out: bool
    slippage_bps: int
    style: int
    priority_fee_wei: int

    @property
    def path(self) -> list[Address]:
        tokens = [self.token_in]
        for pool in self.pools:
            tokens.append(pool.other(tokens[-1]))
        return tokens

    @property
    def v3_path(self) -> bytes:
        path = bytes.fromhex(self.token_in[2:])
        for pool, token in zip(self.pools, self.path[1:], strict=True):
            path += pool.fee_pips.to_bytes(3) + bytes.fromhex(token[2:])
        return path


def quote_call(world: World, order: Order) -> tuple[Address, bytes]:
    """The call that tells what the order would give (or cost) at the latest block."""
    if order.pools[0].family != V3:
        router = world.factory(order.pools[0].protocol).routers[0]
        name = "getAmountsIn" if order.exact_out else "getAmountsOut"
        return router, abi.call(f"{name}(uint256,address[])", order.amount, order.path)
    if order.exact_out:
        single = (order.path[0], order.path[1], order.amount, order.pools[0].fee_pips, 0)
        data = abi.call("quoteExactOutputSingle((address,address,uint256,uint24,uint160))", single)
    else:
        data = abi.call("quoteExactInput(bytes,uint256)", order.v3_path, order.amount)
    return world.v3.quoter, data


def quoted(order: Order, answer: bytes) -> int:
    """The amount in the answer of ``quote_call``: the output, or the input when ``exact_out``."""
    if order.pools[0].family == V3:
        return int.from_bytes(answer[:32])
    (amounts,) = abi.unpack("(uint256[])", answer)
    return int(amounts[0] if order.exact_out else amounts[-1])


def fairness_bps(world: World, order: Order, quote: int, prices_e8: Mapping[str, int]) -> int:
    """What the order would receive, as a share of what it gives, at ``prices_e8``."""
    given, got = (quote, order.amount) if order.exact_out else (order.amount, quote)
    ends = ((order.token_in, given), (order.path[-1], got))
    paid, received = (
        amount * prices_e8[world.symbol(token)] * 10**18 // 10 ** world.tokens[world.symbol(token)].decimals
        for token, amount in ends
    )
    return received * BPS // paid if paid else 0


def swap(world: World, order: Order, quote: int) -> Intent:
    """The transaction that carries out ``order`` within its slippage of ``quote``."""
    worse = BPS + order.slippage_bps if order.exact_out else BPS - order.slippage_bps
    limit = quote * worse // BPS
    carry_out = _swap_v3 if order.pools[0].family == V3 else _swap_v2
    to, data, value_wei = carry_out(world, order, limit)
    names = "→".join(world.symbol(token) for token in order.path)
    label = f"swap {names} on {order.pools[0].protocol}"
    legacy = order.style == 1 and order.slippage_bps % 2 == 1
    return Intent(order.trader, to, data, label, SWAP_GAS, value_wei, order.priority_fee_wei, legacy)


def _swap_v2(world: World, order: Order, limit: int) -> tuple[Address, bytes, int]:
    router = world.factory(order.pools[0].protocol).routers[0]
    path, to = order.path, order.trader.address
    charged = [t.transfer_fee_bps for t in world.tokens.values() if t.address in path and t.transfer_fee_bps]
    if charged:
        for fee_bps in charged:  # it is taken on the way in or on the way out
            limit = limit * (BPS - fee_bps) // BPS * (BPS - fee_bps) // BPS
        name = "swapExactTokensForTokensSupportingFeeOnTransferTokens"
        return router, _v2_call(name, order.amount, limit, path, to), 0
    if order.exact_out:
        return router, _v2_call("swapTokensForExactTokens", order.amount, limit, path, to), 0
    if order.style == 1 and order.token_in == world.weth:
        data = abi.call("swapExactETHForTokens(uint256,address[],address,uint256)", limit, path, to, FOREVER)
        return router, data, order.amount
    if order.style == 1 and order.pools[0].protocol == UNISWAP_V2:
        data = abi.call("swapExactTokensForTokens(uint256,uint256,address[],address)", order.amount, limit, path, to)
        return world.v3.router02, data, 0
    return router, _v2_call("swapExactTokensForTokens", order.amount, limit, path, to), 0


def _v2_call(name: str, amount: int, limit: int, path: list[Address], to: Address) -> bytes:
    return abi.call(f"{name}(uint256,uint256,address[],address,uint256)", amount, limit, path, to, FOREVER)


def _swap_v3(world: World, order: Order, limit: int) -> tuple[Address, bytes, int]:
    to, amount = order.trader.address, order.amount
    if len(order.pools) > 1:
        if order.style == 1:
            several = (order.v3_path, to, amount, limit)
            return world.v3.router02, abi.call("exactInput((bytes,address,uint256,uint256))", several), 0
        path = (order.v3_path, to, FOREVER, amount, limit)
        return world.v3.router, abi.call("exactInput((bytes,address,uint256,uint256,uint256))", path), 0
    name = "exactOutputSingle" if order.exact_out else "exactInputSingle"
    head = (order.path[0], order.path[1], order.pools[0].fee_pips, to)
    if order.style == 1:
        data = abi.call(f"{name}((address,address,uint24,address,uint256,uint256,uint160))", (*head, amount, limit, 0))
        return world.v3.router02, abi.call("multicall(uint256,bytes[])", FOREVER, [data]), 0
    kinds = "(address,address,uint24,address,uint256,uint256,uint256,uint160)"
    return world.v3.router, abi.call(f"{name}({kinds})", (*head, FOREVER, amount, limit, 0)), 0
