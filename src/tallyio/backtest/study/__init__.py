"""A backtest: many archived blocks, each parameter set on each of them, and what came of it."""
