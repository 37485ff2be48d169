"""The pools' states in flat arrays that one process writes and any process reads."""
