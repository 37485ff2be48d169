"""Life on the devnet, from a seed: traders, liquidity providers, an oracle and borrowers."""

from tallyio.devnet.traffic.driver import Traffic

__all__ = ["Traffic"]
