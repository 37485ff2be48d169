"""History through the searcher's own code: archived blocks, replayed."""
