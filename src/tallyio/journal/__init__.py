"""The append-only log, the double-entry ledger beside it, and the projections that others read back."""
