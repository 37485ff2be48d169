"""Why a call of the executor was refused, in words."""

from functools import cache

from tallyio.execution.artifact import executor_artifact

ERROR_STRING = bytes.fromhex("08c379a0")
PANIC = bytes.fromhex("4e487b71")


def explain_revert(data: bytes) -> str:
    """Read revert data: the executor's own errors with their arguments, ``Error(string)``, ``Panic(uint256)``.

    What is none of these (an error of a pool or lender) comes back as its selector and the raw hex.
    """
    from eth_abi.abi import decode
    from eth_abi.exceptions import DecodingError

    selector, body = data[:4], data[4:]
    try:
        if selector == ERROR_STRING:
            return str(decode(["string"], body, strict=False)[0])
        if selector == PANIC:
            return f"Panic(0x{decode(['uint256'], body)[0]:02x})"
        if selector in _errors():
            name, fields = _errors()[selector]
            values = decode([kind for _, kind in fields], body)
            return f"{name}({', '.join(f'{field}={v}' for (field, _), v in zip(fields, values, strict=True))})"
    except (DecodingError, UnicodeDecodeError):
        pass
    return f"unknown error 0x{data.hex()}" if data else "reverted without a reason"


@cache
def _errors() -> dict[bytes, tuple[str, list[tuple[str, str]]]]:
    from eth_utils.crypto import keccak

    found = {}
    for entry in executor_artifact().abi:
        if entry["type"] == "error":
            fields = [(i["name"], i["type"]) for i in entry["inputs"]]
            signature = f"{entry['name']}({','.join(kind for _, kind in fields)})"
            found[keccak(text=signature)[:4]] = (entry["name"], fields)
    return found
