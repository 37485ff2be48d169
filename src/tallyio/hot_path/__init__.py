"""Where speed decides: exact AMM maths, cycles, detection and sizing. No I/O; imports nothing of ours but ``core``."""
