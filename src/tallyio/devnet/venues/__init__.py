"""Exchanges of the devnet beside Uniswap's and PancakeSwap v2's routers, one file a family: pools and how to trade."""
