"""What is known: pools and positions as of a block, mirrored from logs and rewindable."""
