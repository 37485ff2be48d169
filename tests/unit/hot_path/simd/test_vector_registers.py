"""The kernels' machine code: arithmetic on packed floats in 256-bit or 512-bit registers."""

import re
from typing import Any

import numba
import pytest
from llvmlite import binding

from tallyio.hot_path.compiled import DISABLED
from tallyio.hot_path.hashes import batch
from tallyio.hot_path.simd import health, prices, search

FLAT, TABLE, INDICES, BYTES = numba.float64[::1], numba.float64[:, ::1], numba.int64[::1], numba.uint8[::1]
WORK = {
    "v2_rates": (prices.v2_rates, (FLAT,) * 5, r"vdivpd"),
    "v3_rates": (prices.v3_rates, (FLAT,) * 4, r"vdivpd"),
    "health_factors": (health.health_factors, (FLAT,) * 4, r"vdivpd"),
    "first_at_least": (search.first_at_least, (FLAT, numba.float64), r"vcmp\w*pd"),
    "all_at_most": (search.all_at_most, (FLAT, numba.float64, INDICES), r"vcmp\w*pd"),
    "best": (search.best, (FLAT,), r"vcmp\w*pd"),
    "first_product": (search.first_product, (TABLE, numba.float64), r"vmulpd"),
    "all_products": (search.all_products, (TABLE, numba.float64, INDICES), r"vmulpd"),
    "hash_arrays": (batch.hash_arrays, (BYTES, INDICES, INDICES, BYTES), r"vpternlogq|vpxor\w*|vxorp[sd]"),
}
wide = bool(binding.get_host_cpu_features().get("avx2"))


def assembly(compiled: Any, signature: tuple[Any, ...]) -> str:
    """What the source compiles to now: a kernel out of the cache keeps no assembly."""
    fresh: Any = numba.njit(signature, error_model="numpy", nogil=True)(compiled.py_func)
    return str(fresh.inspect_asm(fresh.signatures[0]))


def wide_instructions(text: str, instruction: str) -> int:
    return len(re.findall(rf"^\s+(?:{instruction})\s.*%[yz]mm", text, re.MULTILINE))


@pytest.mark.skipif(DISABLED or not wide, reason="vectors of 256 bits need compiled kernels and AVX2")
@pytest.mark.parametrize("name", WORK)
def test_the_kernel_works_in_wide_registers(name: str) -> None:
    compiled, signature, instruction = WORK[name]
    assert wide_instructions(assembly(compiled, signature), instruction) > 0


@pytest.mark.skipif(DISABLED or not wide, reason="vectors of 256 bits need compiled kernels and AVX2")
def test_a_loop_that_cannot_run_side_by_side_is_told_from_one_that_does() -> None:
    def chain(values: Any) -> Any:
        value = 1.0
        for i in range(values.size):
            value = values[i] / value
        return value

    fresh: Any = numba.njit((FLAT,), error_model="numpy")(chain)
    assert wide_instructions(str(fresh.inspect_asm(fresh.signatures[0])), "vdivpd") == 0
