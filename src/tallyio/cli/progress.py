"""A progress bar on stderr."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def bar(what: str) -> Iterator[Callable[[str, int, int], None]]:
    """Yields a function that is told the present step's name, the steps done and their number."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    text = TextColumn("{task.description}")
    with Progress(text, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=Console(stderr=True)) as shown:
        task = shown.add_task(what, total=None)

        def tell(name: str, done: int, total: int) -> None:
            shown.update(task, description=f"{what}: {name}" if name else what, completed=done, total=total)

        yield tell
