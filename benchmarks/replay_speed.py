"""How long the replay of a block takes when the searcher knows many pools.

    python benchmarks/replay_speed.py BLOCK [BLOCK ...] [--pools 10000] [--hops 4] [--seed 7] [--rounds 3]

BLOCK is an archive, a folder of archives or a JSON file of a block. Beside the pools that the block touches the market
holds others, drawn from a seed around the block's own tokens and new ones: a tenth of the pools join tokens at random,
a third join a token with one of the block's dearest, the rest with wrapped ether. Their prices agree to a part in a
thousand, so that none of them opens a trade at first, yet detector and index carry all of them. The searcher knows them
before the block comes, as it does live. One table: seconds for reading the archive, for that market with its cycle
index, which is built once, and for the whole replay of the block (pools proved, every transaction executed, every state
searched, every proposal executed and judged) by the clock and by the processor, each the best of the rounds.
"""

import argparse
import random
import time
from pathlib import Path

from tallyio.archive.opening import archives
from tallyio.archive.records import ArchivedBlock
from tallyio.archive.store import read_block
from tallyio.backtest.exchanges import exchanges_of
from tallyio.backtest.ground import Ground
from tallyio.backtest.known_pools import KnownPools, known_pools
from tallyio.backtest.records import ReplaySettings
from tallyio.backtest.replay import replay
from tallyio.core.pools import V2, Pool, V2State
from tallyio.core.units import ETHER, Address
from tallyio.simulation.block_execution import BlockExecution
from tallyio.strategies.detection import prepare

HUBS = 8
TOKENS_A_POOL = 0.6


def main() -> int:
    parser = argparse.ArgumentParser(description="The time that a block's replay takes.")
    parser.add_argument("blocks", nargs="+", type=Path)
    parser.add_argument("--pools", type=int, default=10_000)
    parser.add_argument("--hops", type=int, default=ReplaySettings().max_hops)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    prepare()
    settings = ReplaySettings(max_hops=asked.hops)
    print("     block transactions   pools   read s  market s  replay s    cpu s proposals")
    with archives(asked.blocks) as files:
        for path in files:
            started = time.perf_counter()
            block = read_block(path)
            read = time.perf_counter() - started
            if not block.executable:
                continue
            others = beside(block, asked.pools, random.Random(asked.seed))  # noqa: S311 - repeatable, not secret
            started = time.perf_counter()
            ground = Ground(settings, exchanges_of(block.chain_id), others)
            replay(block, ground=ground)
            first = time.perf_counter() - started
            took, spent = [], []
            for _ in range(asked.rounds):
                started, used = time.perf_counter(), time.process_time()
                replayed = replay(block, ground=ground)
                took.append(time.perf_counter() - started)
                spent.append(time.process_time() - used)
            pools = len(replayed.known.pools) + len(others.pools)
            counts = f"{block.number:>10} {replayed.transactions:>12} {pools:>7}"
            times = f"{read:>8.2f} {first - min(took):>9.2f} {min(took):>9.2f} {min(spent):>8.2f}"
            print(f"{counts} {times} {len(replayed.proposals):>9}", flush=True)
    return 0


def beside(block: ArchivedBlock, count: int, drawn: random.Random) -> KnownPools:
    """Pools that make ``count`` together with the block's own."""
    exchanges = exchanges_of(block.chain_id)
    known = known_pools(BlockExecution(block), exchanges)
    worth = prices(known, exchanges.weth)
    hubs = sorted(worth, key=lambda token: -worth[token])[:HUBS]
    wanted = count - len(known.pools)
    tokens = [Address(f"0x{drawn.getrandbits(160):040x}") for _ in range(int(wanted * TOKENS_A_POOL))]
    worth |= {token: drawn.lognormvariate(0, 6) for token in tokens}
    everyone = list(worth)
    others = KnownPools({}, {}, {})
    while len(others.pools) < wanted:
        kind = drawn.random()
        one = drawn.choice(everyone)
        other = drawn.choice(everyone) if kind < 0.1 else drawn.choice(hubs) if kind < 0.43 else exchanges.weth
        if one == other:
            continue
        token0, token1 = sorted((one, other), key=lambda token: int(token, 16))
        at = Address(f"0x{drawn.getrandbits(160):040x}")
        side = drawn.uniform(1, 500) * ETHER
        reserves = (max(int(side / worth[token] * drawn.uniform(0.9995, 1.0005)), 1) for token in (token0, token1))
        others.pools[at] = Pool(at, V2, "uniswap_v2", (token0, token1), 3000)
        others.states[at] = V2State(*(min(amount, 2**112 - 1) for amount in reserves))
    return others


def prices(known: KnownPools, weth: Address) -> dict[Address, float]:
    """Wei of wrapped ether for a unit of each token that the block's pairs price in it."""
    worth = {weth: 1.0}
    for at, state in known.states.items():
        tokens = known.pools[at].tokens
        if isinstance(state, V2State) and weth in tokens and state.reserve0 and state.reserve1:
            rate = state.reserve1 / state.reserve0
            token, price = (tokens[1], 1 / rate) if tokens[0] == weth else (tokens[0], rate)
            worth.setdefault(token, price)
    return worth


if __name__ == "__main__":
    raise SystemExit(main())
