"""Files that are there whole or not at all, also after a loss of power."""

import os
import tempfile
from pathlib import Path


def write_whole(path: Path, content: bytes, *, replace: bool = True) -> None:
    """Write ``content`` to ``path``, mode 0600; it is on the disk when this returns. Folders are made where missing.

    Raises ``FileExistsError`` where ``path`` is there and ``replace`` is false, and ``OSError`` of the system.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    fd, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600 by nature
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            os.replace(draft, path)
        else:
            os.link(draft, path)  # unlike a rename it fails where the name is taken
    finally:
        Path(draft).unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Until this returns a new or removed name in ``folder`` may be lost."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
