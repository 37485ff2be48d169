"""All actors of the devnet, moved block by block."""

from tallyio.chains.rpc import Rpc, RpcError
from tallyio.core.clock import seeded
from tallyio.devnet.traffic import borrowers, oracle, providers, venues
from tallyio.devnet.traffic.orders import fairness_bps, quote_call, quoted, swap
from tallyio.devnet.traffic.outbox import Intent, Outbox, Sent
from tallyio.devnet.traffic.sight import Sight, look
from tallyio.devnet.traffic.traders import draw_orders
from tallyio.devnet.traffic.walk import PriceWalk
from tallyio.devnet.world import World

QUOTE_GAS = hex(20_000_000)
"""A quote that walks through a pool's whole price range ends here and counts as no quote."""


WORST_PRICE_BPS = 9_300
"""No trader takes less than this share of what an order gives."""


class Traffic:
    """Sends each block's orders into the public mempool of ``rpc_url``; it never mines and never waits for a receipt.

    What is drawn for a block depends on the seed and the block's number alone; amounts and limits depend on the
    chain's state at that block as well. So the same chain and seed give the same transactions, also after a reorg.
    """

    def __init__(self, rpc_url: str, world: World, seed: int | None = None) -> None:
        self._rpc = Rpc(rpc_url)
        self._world = world
        self._seed = world.seed if seed is None else seed
        self._outbox = Outbox(self._rpc, world.chain_id)
        self._loans = borrowers.first_loans(world)
        self.walk = PriceWalk(self._seed, world.tokens)

    async def on_block(self, number: int) -> list[Sent]:
        """Send what belongs into the block after ``number``, the chain's latest."""
        step = max(0, number - self._world.end_block) + 1
        sight = await look(self._rpc, self._world)
        prices_e8 = self.walk.prices_e8(step)
        intents = oracle.updates(self._world, self.walk.prices_e8(step - 1), sight.answers_e8)
        intents += await self._swaps(number, sight, prices_e8)
        random = seeded(self._seed, f"venues/{number}")
        intents += await venues.draw_swaps(random, self._rpc, self._world, prices_e8)
        intents += await providers.draw_actions(
            seeded(self._seed, f"providers/{number}"), self._rpc, self._world, sight, prices_e8
        )
        loans = seeded(self._seed, f"loans/{number}")
        intents += borrowers.draw_opening(loans, self._world, step, sight.answers_e8)
        intents += await borrowers.draw_action(loans, self._rpc, self._world, self._loans, sight.answers_e8)
        return await self._outbox.send(intents)

    async def close(self) -> None:
        await self._rpc.close()

    async def _swaps(self, number: int, sight: Sight, prices_e8: dict[str, int]) -> list[Intent]:
        """Orders that a quote at the latest block says can be filled, for a price that a trader would take."""
        orders = draw_orders(seeded(self._seed, f"traders/{number}"), self._world, sight, prices_e8)
        asked = [quote_call(self._world, order) for order in orders]
        calls = [{"to": to, "data": "0x" + data.hex(), "gas": QUOTE_GAS} for to, data in asked]
        answers = await self._rpc.batch([("eth_call", (call, "latest")) for call in calls], keep_errors=True)
        intents = []
        for order, answer in zip(orders, answers, strict=True):
            quote = 0 if isinstance(answer, RpcError) else quoted(order, bytes.fromhex(answer[2:]))
            if quote > 0 and fairness_bps(self._world, order, quote, prices_e8) > WORST_PRICE_BPS:
                intents.append(swap(self._world, order, quote))
        return intents
