"""The oracle: it answers again when the fair price has moved far enough from its last answer."""

from collections.abc import Mapping

from tallyio.devnet import abi
from tallyio.devnet.deploy.catalog import STABLE
from tallyio.devnet.traffic.outbox import GWEI, Intent
from tallyio.devnet.world import World

DEVIATION_BPS = 50
STABLE_DEVIATION_BPS = 10


def updates(world: World, prices_e8: Mapping[str, int], answers_e8: Mapping[str, int]) -> list[Intent]:
    """``prices_e8`` are the fair prices that the oracle knows of, ``answers_e8`` what its feeds say."""
    intents = []
    for symbol, feed in world.feeds.items():
        price, answer = prices_e8[symbol], answers_e8[symbol]
        allowed_bps = STABLE_DEVIATION_BPS if symbol in STABLE else DEVIATION_BPS
        if abs(price - answer) * 10_000 >= allowed_bps * answer:
            data = abi.call("setAnswer(int256)", price)
            intents.append(
                Intent(
                    world.account("oracle"),
                    feed.aggregator,
                    data,
                    f"answer {symbol}",
                    200_000,
                    priority_fee_wei=3 * GWEI,
                )
            )
    return intents
