"""Putting the executor contract on a chain: what to send, where it will be, and whether it is there. No I/O."""

from collections.abc import Callable

import msgspec

from tallyio.core.errors import OperatorError
from tallyio.core.units import ZERO_ADDRESS, Address, address
from tallyio.execution.artifact import Artifact, executor_artifact


class Deployment(msgspec.Struct, frozen=True):
    """What the constructor fixed for good: the deployer, who may run routes beside it, the wrapped native token."""

    owner: Address
    operator: Address
    weth: Address


def creation_data(
    weth: Address, operator: Address = ZERO_ADDRESS, artifact: Callable[[], Artifact] = executor_artifact
) -> bytes:
    """Data of the transaction (without ``to``) that creates the executor (or ``leg_artifact``). Its sender becomes the
    owner.

    ``operator`` may run routes and nothing else; the zero address makes the owner the operator.
    """
    normal = address(weth)
    if normal == ZERO_ADDRESS:
        raise OperatorError("WETH is the zero address", todo="set the chain's wrapped native token in its TOML")
    arguments = b"".join(bytes.fromhex(each[2:]).rjust(32, b"\0") for each in (normal, address(operator)))
    return artifact().creation_code + arguments


def deployment_of(code: bytes) -> Deployment | None:
    """Owner, operator and WETH of the executor whose on-chain ``code`` this is; ``None`` when it is anything else."""
    artifact = executor_artifact()
    expected = bytearray(artifact.runtime_code)
    if len(code) != len(expected):
        return None
    found: dict[str, Address] = {}
    for name, offsets in artifact.immutables.items():
        word = code[offsets[0] : offsets[0] + 32]
        if any(word[:12]):
            return None
        found[name] = address(word)
        for offset in offsets:
            expected[offset : offset + 32] = word
    return Deployment(**found) if bytes(expected) == code else None
