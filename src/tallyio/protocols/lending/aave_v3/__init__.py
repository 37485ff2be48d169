"""Aave v3.6: what its events mean, and what its contracts compute, to the wei.

Written from the contracts' behaviour (``@aave-dao/aave-v3-origin`` 3.6.0) and judged against them in
``tests/integration``.
"""
