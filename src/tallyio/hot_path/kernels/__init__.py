"""Exact pool maths as kernels on 256-bit words; the modules of the same names in ``hot_path.amm`` are their twins.

Each answers ``(..., ok)``; ``ok`` is false where the contract reverts or the twin raises, and the values mean nothing.
"""
