"""Sources are gathered with their imports and compiled once."""

from pathlib import Path

import pytest

from tallyio.core.errors import BugError
from tallyio.devnet import abi, solidity
from tallyio.devnet.artifacts import Artifact, from_source


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / f"{name}.sol").write_text(text)


def test_imports_are_followed_and_comments_are_not(tmp_path):
    (tmp_path / "lib").mkdir()
    ignored = '// import "./No.sol";\n/* import "./Never.sol"; */\n'
    write(tmp_path, Main='import {A} from "./lib//A.sol";\n' + ignored + 'import "pack/B.sol";')
    write(tmp_path / "lib", A="import '../Up.sol'; // it's here")
    write(tmp_path, Up="", B="")
    found = solidity.gather({"src/Main.sol": tmp_path / "Main.sol"}, {"pack/": tmp_path})
    assert set(found) == {"src/Main.sol", "src/lib/A.sol", "src/Up.sol", "pack/B.sol"}


def test_import_without_a_folder_is_named(tmp_path):
    write(tmp_path, Main='import "elsewhere/A.sol";')
    with pytest.raises(BugError, match=r"elsewhere/A\.sol"):
        solidity.gather({"Main.sol": tmp_path / "Main.sol"})


def test_compiles_links_and_remembers():
    library = "library L { function f(uint x) external pure returns (uint) { return x + 1; } }"
    contract = "contract C { uint public immutable y; constructor(uint x) { y = L.f(x); } }"
    given = solidity.standard_input({"C.sol": f"pragma solidity 0.8.30; {library} {contract}"})
    code = from_source("0.8.30", given)
    assert from_source("0.8.30", given) == code
    with pytest.raises(BugError, match="needs the library L"):
        code["C"].code()
    linked = code["C"].code({"L": "0x" + "ab" * 20}, abi.pack("(uint256)", 7))
    assert bytes.fromhex("ab" * 20) in linked
    assert linked.endswith((7).to_bytes(32))


def test_compiler_errors_are_shown():
    with pytest.raises(BugError, match="Undeclared identifier"):
        solidity.compile_standard(
            "0.8.30", solidity.standard_input({"C.sol": "pragma solidity 0.8.30; contract C { uint x = nothing; }"})
        )


def test_abi_of_calls():
    """The selectors of ERC-20 and the words of a tuple."""
    to = "0x" + "11" * 20
    assert abi.call("transfer(address,uint256)", to, 5).hex() == "a9059cbb" + "00" * 12 + "11" * 20 + f"{5:064x}"
    assert abi.call("totalSupply()").hex() == "18160ddd"
    assert abi.call("f((uint8,bool),bytes)", (1, True), b"x")[4:68] == (1).to_bytes(32) + (1).to_bytes(32)
    assert abi.unpack("(uint8,bool)", abi.pack("(uint8,bool)", 3, False)) == (3, False)
    assert abi.topic("Transfer(address,address,uint256)").startswith("0xddf252ad")


def test_artifact_without_libraries_is_its_code():
    assert Artifact("A", [], "6001").code() == b"\x60\x01"
