"""Stand-ins in a local EVM, their storage set to what recorded contracts held, and the records themselves."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tallyio.app.verify.recorded import Recorded, read
from tallyio.chains.keccak import keccak256
from tallyio.core.units import Address
from tallyio.devnet import abi, solidity
from tallyio.devnet.artifacts import Artifact
from tallyio.devnet.deploy import standins
from tallyio.devnet.deploy.tokens import own_contracts

ME = Address("0x" + "11" * 20)


class Bytecode:
    """One EVM. A record is played inside ``undone`` so that the next finds the contracts as deployed."""

    def __init__(self) -> None:
        import pyrevm

        self.evm = pyrevm.EVM(spec_id="CANCUN")
        self.evm.set_balance(ME, 10**30)
        self._layouts: dict[str, dict[str, int]] = {}

    def deploy(self, artifact: Artifact, types: str = "()", *arguments: Any) -> Address:
        code = artifact.code(arguments=abi.pack(types, *arguments) if arguments else b"")
        return Address(str(self.evm.deploy(ME, code)).lower())

    def tokens(self, decimals: list[int]) -> list[Address]:
        """Open tokens of these decimals, their addresses rising."""
        code, made = own_contracts()["OpenToken"], list[Address]()
        for places in decimals:
            while True:
                token = self.deploy(code, "(string,uint8)", "T", places)
                if not made or int(token, 16) > int(made[-1], 16):
                    break
            made.append(token)
        return made

    def at(self, timestamp: int) -> None:
        import pyrevm

        self.evm.set_block_env(pyrevm.BlockEnv(number=2, timestamp=timestamp, gas_limit=2**63))

    def call(self, to: str, signature: str, *arguments: Any, returns: str = "") -> Any:
        """The answer, alone where it is one. Raises ``RuntimeError`` where the contract reverts."""
        try:
            answer = self.evm.message_call(ME, to, calldata=abi.call(signature, *arguments))
        finally:
            self.evm.reset_transient_storage()
        if not returns:
            return None
        values = abi.unpack(returns, bytes(answer))
        return values[0] if len(values) == 1 else list(values)

    def answer(self, to: str, signature: str, *arguments: Any, returns: str = "(uint256)") -> dict[str, Any]:
        """In the form of a recorded view."""
        try:
            return {"ok": True, "value": self.call(to, signature, *arguments, returns=returns)}
        except RuntimeError:
            return {"ok": False}

    def same(self, recorded: dict[str, Any], found: dict[str, Any], number: Any) -> None:
        assert (recorded["ok"], recorded.get("value")) == (found["ok"], found.get("value")), number

    def store(self, contract: str, family: str, name: str, variable: str, value: int, *keys: int) -> None:
        """Sets a storage variable, of a mapping its entry at ``keys``."""
        self.store_at(contract, self.slot(family, name, variable), value, *keys)

    def store_at(self, contract: str, slot: int, value: int, *keys: int) -> None:
        for key in keys:
            slot = int.from_bytes(keccak256(key.to_bytes(32) + slot.to_bytes(32)))
        self.put(contract, slot, value)

    def store_entry(self, contract: str, family: str, name: str, variable: str, place: int, value: int) -> None:
        """Sets an entry of an array."""
        first = int.from_bytes(keccak256(self.slot(family, name, variable).to_bytes(32)))
        self.put(contract, first + place, value)

    def put(self, contract: str, slot: int, value: int) -> None:
        self.evm.insert_account_storage(contract, slot, value)

    def slot(self, family: str, name: str, variable: str) -> int:
        return self._layout(family, name)[variable]

    @contextmanager
    def undone(self) -> Iterator[None]:
        before = self.evm.snapshot()
        try:
            yield
        finally:
            self.evm.revert(before)

    def _layout(self, family: str, name: str) -> dict[str, int]:
        if name not in self._layouts:
            output = solidity.compile_standard(standins.COMPILER, standins.source(family))
            for file in output["contracts"].values():
                for contract, found in file.items():
                    variables = found["storageLayout"]["storage"]
                    self._layouts[contract] = {v["label"]: int(v["slot"]) for v in variables}
        return self._layouts[name]


@pytest.fixture(scope="module")
def bytecode() -> Bytecode:
    return Bytecode()


@pytest.fixture(scope="session")
def recorded() -> Callable[..., list[dict[str, Any]]]:
    """Records of a golden file, ``limit`` of them spread over it (0: all)."""

    def load(family: str, limit: int = 0) -> list[dict[str, Any]]:
        root, name = Path(__file__).parents[3], f"{family}.json.gz"
        shared = (each / "shared/golden" for each in (root.parent, root.parent.parent))
        for folder in (root / "tests/data/golden", *shared):
            if (folder / name).exists():
                found: Recorded = read(folder / name)
                return list(found.records[:: max(1, len(found.records) // limit) if limit else 1])
        pytest.skip(f"no file shared/golden/{name} beside the repository")

    return load


@pytest.fixture
def replayed(bytecode: Bytecode, recorded: Callable[..., Any]) -> Callable[..., None]:
    """Judges records of a golden file by a replay of the family, some of which went through and some not."""

    def run(replay: Callable[[Bytecode], Any], family: str, limit: int = 0) -> None:
        judge = replay(bytecode).judge
        went = [judge(record) for record in recorded(family, limit)]
        assert any(went)
        assert not all(went)

    return run
