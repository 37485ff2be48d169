"""Kernels over arrays that run in vector registers: prices, health factors, searches."""
