"""Kernels against their twins, on random and edge inputs."""
