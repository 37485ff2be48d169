"""Records, units, errors, clock and ids. Imports nothing of ours and does no I/O."""
