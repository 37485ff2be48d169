"""How long the first read of many pools takes from a local node: ``python benchmarks/first_read.py [POOLS]``.

Starts a devnet, makes the pools (half Uniswap v2 pairs, half v3 pools of the usual tiers with three positions each,
all published bytecode), then reads all of them in one go as the searcher does.
"""

import asyncio
import sys
import time
from collections import Counter
from typing import Any

from tallyio.chains.blocks import logs
from tallyio.chains.multicall import aggregate
from tallyio.chains.rpc import Rpc
from tallyio.core.pools import V2, V3, Pool, V3State
from tallyio.core.units import Address
from tallyio.devnet import abi, solidity
from tallyio.devnet.artifacts import from_source
from tallyio.devnet.cache import start_world
from tallyio.market.reading import read_pools
from tallyio.protocols.dex.deployments import Deployment
from tallyio.protocols.dex.registry import DexRegistry

MAKER = """
pragma solidity ^0.8.30;
contract Token {
    mapping(address => uint256) public balanceOf;
    function mint(address to, uint256 amount) external { balanceOf[to] += amount; }
}
interface Factory {
    function createPair(address, address) external returns (address);
    function createPool(address, address, uint24) external returns (address);
}
interface Pool {
    function sync() external;
    function initialize(uint160) external;
    function mint(address, int24, int24, uint128, bytes calldata) external returns (uint256, uint256);
    function token0() external view returns (address);
    function token1() external view returns (address);
}
contract Maker {
    address[] public tokens;
    function more(uint256 count) external { for (uint256 i; i < count; i++) tokens.push(address(new Token())); }
    function make(Factory two, Factory three, uint256 a, uint256 from, uint256 to) external {
        for (uint256 b = from; b < to; b++) {
            Pool pair = Pool(two.createPair(tokens[a], tokens[b]));
            Token(tokens[a]).mint(address(pair), 1e24 + a);
            Token(tokens[b]).mint(address(pair), 1e24 + b);
            pair.sync();
            uint24 fee = b % 8 == 0 ? 500 : b % 2 == 0 ? 10000 : 3000;
            int24 unit = fee == 500 ? int24(10) : fee == 3000 ? int24(60) : int24(200);
            Pool pool = Pool(three.createPool(tokens[a], tokens[b], fee));
            pool.initialize(uint160((1 << 96) + a * 1e24));
            pool.mint(address(this), -unit * 100, unit * 100, 1e20, "");
            pool.mint(address(this), -unit * int24(int256(1 + b % 900)), unit, 1e19, "");
            pool.mint(address(this), unit * 1000, unit * 2000, 1e18, "");
        }
    }
    function uniswapV3MintCallback(uint256 a, uint256 b, bytes calldata) external {
        Token(Pool(msg.sender).token0()).mint(msg.sender, a);
        Token(Pool(msg.sender).token1()).mint(msg.sender, b);
    }
}
"""
ME = "0x" + "11" * 20
GAS = 1_000_000_000
AT_ONCE = 40


class Node:
    """A devnet's node that sends what it is told from one account."""

    def __init__(self) -> None:
        self.anvil, self.world = start_world(seed=7)
        self.rpc = self.anvil.rpc
        self.rpc.call("evm_setBlockGasLimit", hex(GAS))
        self.rpc.call("anvil_setBalance", ME, hex(10**30))
        self.rpc.call("anvil_impersonateAccount", ME)

    def send(self, data: bytes, to: str | None = None) -> Any:
        call = {"from": ME, "data": "0x" + data.hex(), "gas": hex(GAS - 1), **({"to": to} if to else {})}
        hash_ = self.rpc.call("eth_sendTransaction", call)
        self.anvil.mine()
        receipt = self.rpc.call("eth_getTransactionReceipt", hash_)
        if int(receipt["status"], 16) != 1:
            raise SystemExit(f"a transaction of the set-up reverted after {int(receipt['gasUsed'], 16)} gas")
        return receipt

    def pools(self, count: int) -> list[Pool]:
        """Makes at least ``count``, found by their factories' events."""
        settings = solidity.standard_input({"Maker.sol": MAKER}, runs=200)
        maker = self.send(from_source("0.8.30", settings)["Maker"].code())["contractAddress"]
        factories = {f.name: f for f in self.world.factories if f.name in (V2, V3)}
        registry = DexRegistry([Deployment(f.name, f.family, f.address, f.fee_pips) for f in factories.values()])
        tokens = int((count + 1) ** 0.5) + 2  # two pools for each two tokens
        for _ in range(0, tokens, AT_ONCE):
            self.send(abi.call("more(uint256)", AT_ONCE), maker)
        found: list[Pool] = []
        for a in range(tokens):
            for b in range(a + 1, tokens, AT_ONCE):
                order = (factories[V2].address, factories[V3].address, a, b, min(b + AT_ONCE, tokens))
                receipt = self.send(abi.call("make(address,address,uint256,uint256,uint256)", *order), maker)
                found += filter(None, map(registry.discovered, logs(receipt["logs"])))
                if len(found) >= count:
                    return found
        return found


async def read(url: str, multicall3: Address, pools: list[Pool]) -> None:
    async with Rpc(url) as rpc:
        head = int(await rpc.call("eth_blockNumber", []), 16)

        async def ask(calls: Any, block: int) -> list[tuple[bool, bytes]]:
            return await aggregate(rpc, multicall3, calls, block)

        begin = time.perf_counter()
        found = await read_pools(ask, pools, head)
        took = time.perf_counter() - begin
    ticks = sum(len(state.tick_index) for state in found.states.values() if isinstance(state, V3State))
    print(f"{len(found.states)} states with {ticks} ticks in {took:.2f} s, refused {len(found.refused)}")


def main(count: int) -> None:
    node = Node()
    try:
        pools = node.pools(count)
        print(f"made {dict(Counter(pool.family for pool in pools))}", file=sys.stderr)
        asyncio.run(read(node.anvil.rpc_url, node.world.multicall3, pools))
    finally:
        node.anvil.stop()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
