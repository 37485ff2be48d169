"""Every simple cycle of swaps through the pools, kept as pools come and go: a pool costs its own cycles alone."""
