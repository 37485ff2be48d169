"""Exact pool maths in integers, equal to the contracts' to the wei."""
