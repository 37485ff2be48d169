"""Exact integer models of exchange families beyond Uniswap's pairs, wei for wei as their contracts answer.

Each family has plain functions of integers and a frozen state record whose ``exchange`` gives the amount paid and the
state left. What a contract reverts raises ``SwapRefusedError``.
"""
