"""Write the sha512 of every package in the lock anew, from the tarballs that npm serves now.

Run it after a change of a name or version in ``src/tallyio/devnet/packages.lock.json``:
``python tools/setup/lock_packages.py``
"""

import tempfile
from pathlib import Path

import msgspec

from tallyio.core.errors import OutOfReachError
from tallyio.devnet import packages


def main() -> None:
    locked = {}
    for alias, wanted in sorted(packages.lock().items()):
        with tempfile.TemporaryDirectory() as scratch:
            try:
                packages.pack([wanted], Path(scratch))
                found = packages.integrity(Path(scratch) / wanted.tarball)
            except OutOfReachError as e:
                print(f"{alias}: kept as it was ({e})")
                found = wanted.integrity
        locked[alias] = msgspec.structs.replace(wanted, integrity=found)
        print(alias, "changed" if found != wanted.integrity else "unchanged")
    packages.LOCK_FILE.write_bytes(msgspec.json.format(msgspec.json.encode(locked), indent=2) + b"\n")


if __name__ == "__main__":
    main()
