"""What vectors the processor has that Numba compiles for (the host's, unless Numba is told another)."""

from functools import cache

from numba.core.registry import cpu_target


@cache
def features() -> frozenset[str]:
    """LLVM's names of the processor's features, like ``avx512f``."""
    *_, written = cpu_target.target_context.codegen().magic_tuple()
    return frozenset(item[1:] for item in written.split(",") if item.startswith("+"))


def vector_bits() -> int:
    """Bits of the widest integer vectors: 512, 256, or 128 where there is neither AVX-512 nor AVX2."""
    if {"avx512f", "avx512vl", "avx512dq"} <= features():
        return 512
    return 256 if "avx2" in features() else 128
