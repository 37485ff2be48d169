"""One file a protocol family: its calls and its events, read as swaps and liquidations."""
