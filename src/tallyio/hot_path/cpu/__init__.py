"""The processor that the hot path runs on: what it is, where the loop is put on it, and its clock."""
