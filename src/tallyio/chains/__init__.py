"""The way to a chain: JSON-RPC, block feeds, fees and small readers. Leaves the room as ``core.chain`` records."""
