"""The devnet's block builder: takes bundles over JSON-RPC, orders blocks by value to the proposer, and mines them."""

from tallyio.devnet.builder.builder import BlockBuilder
from tallyio.devnet.builder.records import BlockReport, BundleReport
from tallyio.devnet.builder.server import Server

__all__ = ["BlockBuilder", "BlockReport", "BundleReport", "Server"]
