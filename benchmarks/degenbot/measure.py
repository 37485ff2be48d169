"""Runs in degenbot's own virtual environment: reads inputs as JSON on stdin, writes results and times on stdout.

In:  {"rounds": n, "v2": [[amount_in, reserve_in, reserve_out, fee_pips], ...],
      "step": [[price, target, liquidity, amount, fee_pips], ...],
      "arbitrage": [[[reserve0, reserve1], [reserve0, reserve1]], ...]}
Out: per key {"results": [...], "times_ns": [...]}, a time being nanoseconds a call over one round of all inputs.

The inputs of one round are distinct and more than degenbot's caches of recent calls hold, so that its arithmetic is
measured and not its memory. Pools are made from reserves alone: no chain is asked.
"""

import gc
import json
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from importlib.metadata import version
from typing import Any

from degenbot.arbitrage.uniswap_lp_cycle import UniswapLpCycle
from degenbot.erc20_token import Erc20Token
from degenbot.uniswap.v2_functions import constant_product_calc_exact_in
from degenbot.uniswap.v2_liquidity_pool import UniswapV2Pool
from degenbot.uniswap.v3_libraries.swap_math import compute_swap_step

PIPS = 1_000_000
MOST_INPUT = 100 * 10**18
"""degenbot's own default bound of its search, 100 ether."""


def timed(call: Callable[[Any], Any], inputs: list[Any], rounds: int) -> dict[str, Any]:
    results = [call(one) for one in inputs]
    times = []
    gc.disable()
    for _ in range(rounds):
        start = time.perf_counter_ns()
        for one in inputs:
            call(one)
        times.append((time.perf_counter_ns() - start) / len(inputs))
    gc.enable()
    return {"results": results, "times_ns": times}


def quote(one: tuple[int, int, int, Fraction]) -> int:
    return constant_product_calc_exact_in(one[0], one[1], one[2], one[3])


def step(one: tuple[int, int, int, int, int]) -> tuple[int, int, int, int]:
    return compute_swap_step(one[0], one[1], one[2], one[3], one[4])


def token(number: int) -> Erc20Token:
    made = object.__new__(Erc20Token)
    made.address = f"0x{number:040x}"
    made.symbol = made.name = f"T{number}"
    made.decimals = 18
    return made


def pool(number: int, tokens: tuple[Erc20Token, Erc20Token], reserves: list[int]) -> UniswapV2Pool:
    made = object.__new__(UniswapV2Pool)
    made.address = f"0x{number:040x}"
    made.name = f"P{number}"
    made.token0, made.token1 = tokens
    made.fee_token0 = made.fee_token1 = UniswapV2Pool.FEE
    made._subscribers = set()
    made._state = UniswapV2Pool.PoolState(pool=made.address, reserves_token0=reserves[0], reserves_token1=reserves[1])
    return made


def cycle(reserves: list[list[int]]) -> UniswapLpCycle:
    """Token 0 into the first pool, token 1 out of it and into the second, token 0 back."""
    tokens = token(1), token(2)
    pools = [pool(100 + i, tokens, own) for i, own in enumerate(reserves)]
    return UniswapLpCycle(input_token=tokens[0], swap_pools=pools, id="cycle", max_input=MOST_INPUT)


def best(one: UniswapLpCycle) -> tuple[int, int]:
    found = one.calculate()
    return found.input_amount, found.profit_amount


def main() -> None:
    asked = json.load(sys.stdin)
    rounds = asked["rounds"]
    quotes = [(a, b, c, Fraction(fee, PIPS)) for a, b, c, fee in asked.get("v2", [])]
    work = {
        "v2": (quote, quotes),
        "step": (step, [tuple(one) for one in asked.get("step", [])]),
        "arbitrage": (best, [cycle(one) for one in asked.get("arbitrage", [])]),
    }
    out: dict[str, Any] = {"version": version("degenbot")}
    for name, (call, inputs) in work.items():
        if inputs:
            out[name] = timed(call, inputs, rounds)
    json.dump(out, sys.stdout)


if __name__ == "__main__":
    main()
