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


def test_spare_packages_wait_until_they_are_asked_for():
    spare = {alias for alias, wanted in packages.lock().items() if wanted.spare}
    assert spare == set(packages.lock()) - set(packages.needed()) - {
        alias for alias, wanted in packages.lock().items() if wanted.machine not in ("", packages.machine())
    }
    assert any(alias.startswith("forge-") for alias in spare)


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
            packages._fetch([wrong], target.parent)
    except OutOfReachError as e:
        pytest.skip(f"the package registry is out of reach: {e}")
    assert not target.exists()
    assert not list(target.parent.iterdir())


def test_unknown_package_is_out_of_reach(cache, monkeypatch):
    monkeypatch.setattr(packages, "ATTEMPTS", 1)
    unknown = Package("@uniswap/v2-core", "0.0.0-none", "sha512-")
    with pytest.raises(OutOfReachError, match=r"v2-core@0\.0\.0-none in 1 attempts"):
        packages._fetch([unknown], cache / "packages")


def test_only_wanted_paths_are_unpacked(tmp_path):
    tarball = tmp_path / "a.tgz"
    with tarfile.open(tarball, "w:gz") as archive:
        for name in ("package/src/A.sol", "package/docs/B.md"):
            archive.addfile(tarfile.TarInfo(name), io.BytesIO())
    packages._unpack(tarball, tmp_path / "unpacked", ("src/",))
    assert [f.name for f in (tmp_path / "unpacked").rglob("*.*")] == ["A.sol"]


def test_programs_stay_programs_and_links_are_left_out(tmp_path):
    file = tmp_path / "a.tgz"
    with tarfile.open(file, "w:gz") as archive:
        program, link = tarfile.TarInfo("package/bin/run"), tarfile.TarInfo("package/bin/link")
        program.mode, program.size, link.type, link.linkname = 0o755, 2, tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(program, io.BytesIO(b"hi"))
        archive.addfile(link)
    packages._unpack(file, tmp_path / "unpacked", ())
    (found,) = (tmp_path / "unpacked/bin").iterdir()
    assert (found.name, found.read_bytes(), found.stat().st_mode & 0o777) == ("run", b"hi", 0o755)


@pytest.mark.parametrize("name", ["package/../../evil", "package//etc/evil"])
def test_files_outside_the_folder_are_refused(tmp_path, name):
    tarball(tmp_path / "a.tgz", name.removeprefix("package/"))
    with pytest.raises(OperatorError, match="expected only files below one folder"):
        packages._unpack(tmp_path / "a.tgz", tmp_path / "deep", ())


def test_another_anvil_may_be_named(monkeypatch):
    monkeypatch.setenv("TALLYIO_ANVIL", "/opt/anvil")
    assert packages.anvil_binary() == Path("/opt/anvil")


def test_unknown_machine_is_told_what_to_do(monkeypatch):
    monkeypatch.delenv("TALLYIO_ANVIL", raising=False)
    monkeypatch.setattr(packages.platform, "machine", lambda: "riscv64")
    with pytest.raises(OperatorError, match="TALLYIO_ANVIL"):
        packages.anvil_binary()


def npm_of(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Let a shell script stand where npm is; it is called as ``npm pack ... --pack-destination FOLDER SPEC...``."""
    npm = folder / "npm"
    npm.write_text(f"#!/bin/sh\n{script}\n")
    npm.chmod(0o755)
    monkeypatch.setattr(packages, "npm_command", lambda: (str(npm),))


def tarball(file: Path, member: str) -> str:
    with tarfile.open(file, "w:gz") as archive:
        archive.addfile(tarfile.TarInfo(f"package/{member}"), io.BytesIO())
    return packages.integrity(file)


def test_what_npm_left_half_done_is_fetched_again(cache, tmp_path, monkeypatch):
    """The first run leaves one package whole and one torn, and fails; the second is asked for the torn one alone."""
    served = tmp_path / "served"
    served.mkdir()
    whole = Package("whole", "1.0.0", tarball(served / "whole-1.0.0.tgz", "A.sol"))
    torn = Package("@some/torn", "2.0.0", tarball(served / "some-torn-2.0.0.tgz", "B.sol"))
    npm_of(
        tmp_path,
        monkeypatch,
        f"""echo "$@" >> {tmp_path}/calls
        if [ $(wc -l < {tmp_path}/calls) = 1 ]; then
            cp {served}/whole-1.0.0.tgz .; head -c 20 {served}/some-torn-2.0.0.tgz > some-torn-2.0.0.tgz; exit 1
        fi
        cp {served}/some-torn-2.0.0.tgz .""",
    )
    packages._fetch([whole, torn], cache / "packages")
    assert sorted(str(f.relative_to(cache)) for f in cache.glob("packages/**/*.sol")) == [
        "packages/some-torn-2.0.0/B.sol",
        "packages/whole-1.0.0/A.sol",
    ]
    first, second = (tmp_path / "calls").read_text().splitlines()
    assert first.endswith("whole@1.0.0 @some/torn@2.0.0")
    assert "whole@1.0.0" not in second


def test_one_npm_fetches_all_that_is_missing(cache, tmp_path, monkeypatch):
    said: list[str] = []
    (cache / "packages" / packages.lock()["permit2"].folder).mkdir(parents=True)
    npm_of(tmp_path, monkeypatch, f'echo "$@" >> {tmp_path}/calls; exit 1')
    monkeypatch.setattr(packages, "ATTEMPTS", 1)
    with pytest.raises(OutOfReachError, match=r"v2-core@1\.0\.1, @uniswap/lib@"):
        packages.fetch(("uniswap-v2-core", "permit2", "uniswap-lib"), said.append)
    assert len((tmp_path / "calls").read_text().splitlines()) == 1
    assert said == ["fetching @uniswap/v2-core@1.0.1, @uniswap/lib@4.0.1-alpha"]
    assert not list((cache / "packages").glob(".fetch-*"))
