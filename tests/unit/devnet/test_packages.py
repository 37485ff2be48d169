"""Packages arrive whole and as locked, or not at all."""

import io
import tarfile
from pathlib import Path

import msgspec
import pytest

from tallyio.core.errors import OperatorError, OutOfReachError
from tallyio.devnet import packages
from tallyio.devnet.packages import Package


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TALLYIO_CACHE", str(tmp_path))
    return tmp_path


def test_lock_names_no_registry_and_only_sha512():
    text = packages.LOCK_FILE.read_text()
    assert "http" not in text
    for wanted in packages.lock().values():
        assert wanted.integrity.startswith("sha512-")
        assert wanted.version[0].isdigit()


def test_one_package_from_the_registry(cache):
    try:
        folder = packages.package("uniswap-lib")
    except OutOfReachError as e:
        pytest.skip(f"the package registry is out of reach: {e}")
    assert (folder / "contracts/libraries/TransferHelper.sol").exists()
    assert folder.is_relative_to(cache)
    assert sorted(f.name for f in folder.parent.iterdir()) == ["uniswap-lib-4.0.1-alpha"]


def test_wrong_checksum_is_refused_and_leaves_nothing(cache):
    wrong = msgspec.structs.replace(packages.lock()["uniswap-lib"], integrity="sha512-" + "A" * 86 + "==")
    target = cache / "packages" / wrong.folder
    try:
        with pytest.raises(OperatorError, match="expected sha512-AAAA"):
            packages._fetch(wrong, target)
    except OutOfReachError as e:
        pytest.skip(f"the package registry is out of reach: {e}")
    assert not target.exists()
    assert not list(target.parent.iterdir())


def test_unknown_package_is_out_of_reach(cache, monkeypatch):
    monkeypatch.setattr(packages, "ATTEMPTS", 1)
    unknown = Package("@uniswap/v2-core", "0.0.0-none", "sha512-")
    with pytest.raises(OutOfReachError, match=r"v2-core@0\.0\.0-none in 1 attempts"):
        packages._fetch(unknown, cache / "packages" / "none")


def test_only_wanted_paths_are_unpacked(tmp_path):
    tarball = tmp_path / "a.tgz"
    with tarfile.open(tarball, "w:gz") as archive:
        for name in ("package/src/A.sol", "package/docs/B.md"):
            archive.addfile(tarfile.TarInfo(name), io.BytesIO())
    packages._unpack(tarball, tmp_path / "unpacked", ("src/",))
    assert [f.name for f in (tmp_path / "unpacked").rglob("*.*")] == ["A.sol"]


def test_another_anvil_may_be_named(monkeypatch):
    monkeypatch.setenv("TALLYIO_ANVIL", "/opt/anvil")
    assert packages.anvil_binary() == Path("/opt/anvil")


def test_unknown_machine_is_told_what_to_do(monkeypatch):
    monkeypatch.delenv("TALLYIO_ANVIL", raising=False)
    monkeypatch.setattr(packages.platform, "machine", lambda: "riscv64")
    with pytest.raises(OperatorError, match="TALLYIO_ANVIL"):
        packages.anvil_binary()
