"""The devnet's block builder: takes bundles over JSON-RPC, orders blocks by value to the proposer, and mines them."""

from tallyio.devnet.builder.builder import BlockBuilder

__all__ = ["BlockBuilder"]
