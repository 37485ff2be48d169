"""Where this searcher's executor contract is, and whether it is the very one that ships with the package."""

from pathlib import Path

import msgspec

from tallyio.chains import reads
from tallyio.chains.rpc import Rpc
from tallyio.config.directory import ConfigDirectory
from tallyio.core.errors import ConfigError, OperatorError
from tallyio.core.files import write_whole
from tallyio.core.units import Address
from tallyio.execution.deploy import deployment_of

FILE_NAME = "executor.json"


class RecordedExecutor(msgspec.Struct, frozen=True):
    """What ``tallyio deploy`` wrote into the data folder."""

    chain_id: int
    address: Address
    owner: Address


def record_executor(data_dir: Path, executor: RecordedExecutor) -> None:
    write_whole(data_dir / FILE_NAME, msgspec.json.format(msgspec.json.encode(executor)) + b"\n")


def recorded_executor(directory: ConfigDirectory) -> Address | None:
    """The configured address, else the recorded one, else None."""
    if directory.chain.executor:
        return directory.chain.executor
    path = directory.data_dir / FILE_NAME
    try:
        found = msgspec.json.decode(path.read_bytes(), type=RecordedExecutor)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as e:
        raise OperatorError(f"{path}: cannot be read: {e}", todo="Run `tallyio deploy` again") from None
    if found.chain_id != directory.chain.chain_id:
        raise ConfigError(
            f"{path}: was deployed on chain id {found.chain_id}, the configuration says {directory.chain.chain_id}",
            todo="Use a data folder of its own for each chain",
        )
    return found.address


async def find_executor(rpc: Rpc, directory: ConfigDirectory, wallet: Address, *, owned: bool = False) -> Address:
    """The executor, proved by its code on the chain to be ours and one that this wallet may run (``owned``: owns)."""
    address = recorded_executor(directory)
    if address is None:
        raise OperatorError("no executor contract is known", todo="Put one on the chain: tallyio deploy")
    deployment = deployment_of(await reads.get_code(rpc, address))
    if deployment is None:
        raise OperatorError(f"the code at {address} is not this version's executor", todo="Deploy it: tallyio deploy")
    if wallet not in ({deployment.owner} if owned else {deployment.owner, deployment.operator}):
        raise ConfigError(
            f"the executor {address} belongs to {deployment.owner}, the wallet is {wallet}",
            todo="Use its owner's keystore, or deploy another executor",
        )
    if deployment.weth != directory.chain.weth:
        raise ConfigError(
            f"the executor {address} uses WETH {deployment.weth}, the configuration says {directory.chain.weth}",
            todo="Correct weth, or deploy another executor",
        )
    return address
