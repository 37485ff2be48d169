"""Where speed decides: exact AMM maths, cycles, screening and sizing. No I/O; imports nothing of ours but ``core``."""
