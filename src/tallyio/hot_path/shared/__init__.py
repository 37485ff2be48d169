"""The market in shared memory: one process writes the newest state of every pool, any process reads it."""
