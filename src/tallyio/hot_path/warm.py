"""Makes every kernel ready before it is needed: loaded from the cache, or compiled where it is not there yet.

A part of the hot path with kernels has a module ``tallyio.hot_path.<part>.warm`` with ``def warm() -> None``, which
calls each kernel that Python calls, once, with the types (dtype, dimensions, writeable or not) of real use and little
to do. Parts are found by that name alone; nothing is registered anywhere.
"""

import pkgutil
from importlib import import_module
from importlib.util import find_spec

from tallyio import hot_path


def parts() -> list[str]:
    """The names of the parts that can be warmed, in the order of the alphabet."""
    packages = [module.name for module in pkgutil.iter_modules(hot_path.__path__) if module.ispkg]
    return sorted(name for name in packages if find_spec(f"{hot_path.__name__}.{name}.warm"))


def warm(part: str) -> None:
    """Make the kernels of ``part`` ready; the first call in a new cache compiles them, which takes seconds."""
    import_module(f"{hot_path.__name__}.{part}.warm").warm()
