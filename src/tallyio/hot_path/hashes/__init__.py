"""Keccak-256 in kernels: one message at a time, or many side by side in vector registers."""
