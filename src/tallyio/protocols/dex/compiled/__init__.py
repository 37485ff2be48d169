"""Pools of the exchange families as rows of the compiled kernels, and the kernels judged by the exact models."""
