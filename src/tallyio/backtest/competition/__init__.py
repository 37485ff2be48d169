"""Who else bids, and which of our bundles a block takes: models with their assumptions."""
