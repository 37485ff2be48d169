"""This machine's numbers: what the hot path takes, measured the same way everywhere and beside a reference."""
