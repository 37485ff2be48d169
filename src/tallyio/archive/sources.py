"""The JSON files that ``archive import`` reads.

* Blocks with pre-state: ``{"block": eth_getBlockByNumber with full transactions, "pre_state": {address: {balance,
  nonce, code_hash | code, storage}}}``; bytecodes and hashes of earlier blocks stand beside it in
  ``bytecodes.json`` (hash -> code) and ``block_hashes.json`` (number -> hash).
* Traced blocks: ``{"block_number", "miner", "base_fee_per_gas", "traces": trace_block, "receipts"}``.

Either may be compressed with gzip (``.json.gz``).
"""

import gzip
import zlib
from pathlib import Path
from typing import Any

from tallyio.archive.block_json import account, hash32, header, transactions, withdrawals
from tallyio.archive.header import NO_CODE
from tallyio.archive.records import ArchivedBlock, ArchiveError, PreAccount, PreState
from tallyio.chains.jsonrpc import data
from tallyio.chains.keccak import keccak256
from tallyio.core.errors import OutOfReachError
from tallyio.core.units import Address, Hash32
from tallyio.core.untrusted import decode_json

MAINNET = 1
_WINDOW = 256
_CODES, _HASHES = "bytecodes", "block_hashes"


class Source:
    """The files beside a block, read once for all blocks of their folder."""

    def __init__(self) -> None:
        self._codes: dict[Path, dict[str, str]] = {}
        self._hashes: dict[Path, dict[str, str]] = {}

    def read(self, path: Path) -> ArchivedBlock | None:
        """The block in ``path``; None where the file is of another kind. Raises ``ArchiveError``."""
        content = read_json(path)
        if not isinstance(content, dict):
            return None
        try:
            if {"block", "pre_state"} <= content.keys():
                return self._with_state(path.parent, content)
            if {"block_number", "traces", "receipts"} <= content.keys():
                return traced(content)
        except (KeyError, TypeError, ValueError, AttributeError, OutOfReachError) as error:
            raise ArchiveError(f"{path}: a field lacks or is garbled: {error!s:.100}") from None
        except ArchiveError as error:
            raise ArchiveError(f"{path}: {error}") from None
        return None

    def _with_state(self, folder: Path, content: dict[str, Any]) -> ArchivedBlock:
        if folder not in self._codes:
            self._codes[folder] = _beside(folder, _CODES)
            self._hashes[folder] = _beside(folder, _HASHES)
        codes, hashes = self._codes[folder], self._hashes[folder]
        block = content["block"]
        found = header(block)
        window = range(max(found.number - _WINDOW, 0), found.number)
        block_hashes = {number: hash32(hashes[str(number)]) for number in window if str(number) in hashes}
        if found.number:
            block_hashes[found.number - 1] = found.parent_hash
        return assemble(block, pre_state(content["pre_state"], codes, block_hashes), chain_of(block))


def assemble(block: dict[str, Any], state: PreState, chain_id: int, rules: str = "") -> ArchivedBlock:
    found = header(block)
    return ArchivedBlock(
        chain_id=chain_id,
        number=found.number,
        hash=hash32(block["hash"]),
        coinbase=found.coinbase,
        base_fee_wei=found.base_fee_wei,
        timestamp=found.timestamp,
        rules=rules,
        header=found,
        transactions=transactions(block),
        withdrawals=withdrawals(block),
        uncles=tuple(hash32(each) for each in block.get("uncles") or ()),
        pre_state=state,
    )


def chain_of(block: dict[str, Any]) -> int:
    """The chain that the transactions were signed for; Ethereum's where none says."""
    named = {int(each["chainId"], 16) for each in block["transactions"] if each.get("chainId") is not None}
    if len(named) > 1:
        raise ArchiveError(f"the block's transactions name several chains: {sorted(named)}")
    return named.pop() if named else MAINNET


def pre_state(accounts: dict[str, Any], codes: dict[str, str], block_hashes: dict[int, Hash32]) -> PreState:
    """``accounts`` as a prestate tracer tells them, with ``code``, or with ``code_hash`` that ``codes`` holds."""
    found: dict[Address, PreAccount] = {}
    used: dict[Hash32, bytes] = {}
    for address, each in accounts.items():
        code_hash = NO_CODE
        if each.get("code_hash"):
            code_hash = hash32(each["code_hash"])
            if code_hash in codes:
                used[code_hash] = data(codes[code_hash])
            elif code_hash != NO_CODE:
                raise ArchiveError(f"the bytecode {code_hash} of {address} is missing, expected it in {_CODES}.json")
        elif each.get("code", "0x") != "0x":
            code = data(each["code"])
            code_hash = Hash32("0x" + keccak256(code).hex())
            used[code_hash] = code
        slots = {_number(key): _number(value) for key, value in (each.get("storage") or {}).items()}
        balance, nonce = _number(each.get("balance", 0)), _number(each.get("nonce", 0))
        found[account(address)] = PreAccount(balance, nonce, code_hash, slots)
    return PreState(found, used, block_hashes)


def traced(content: dict[str, Any]) -> ArchivedBlock:
    number = int(content["block_number"])
    hashes = {each["block_hash"] for each in content["traces"]}
    if len(hashes) != 1:
        raise ArchiveError(f"the traces name {len(hashes)} blocks, expected one")
    return ArchivedBlock(
        chain_id=MAINNET,
        number=number,
        hash=hash32(hashes.pop()),
        coinbase=account(content["miner"]),
        base_fee_wei=content.get("base_fee_per_gas"),
        timestamp=content.get("block_timestamp"),
        receipts=content["receipts"],
        traces=content["traces"],
    )


def read_json(path: Path) -> Any:
    """The value in a JSON file, compressed or not. Raises ``ArchiveError`` where it is cut off or no JSON."""
    content = path.read_bytes()
    try:
        return decode_json(gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content)
    except (EOFError, OSError, zlib.error, ValueError) as error:
        raise ArchiveError(f"{path} is cut off or corrupt: {error!s:.80}") from None


def _beside(folder: Path, name: str) -> dict[str, str]:
    for path in (folder / f"{name}.json.gz", folder / f"{name}.json"):
        if path.exists():
            found = read_json(path)
            if not isinstance(found, dict):
                raise ArchiveError(f"{path}: found {type(found).__name__}, expected an object")
            return found
    return {}


def _number(value: Any) -> int:
    number = int(value, 16) if isinstance(value, str) else value
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < 1 << 256:
        raise ValueError(f"found {value!r:.40}, expected a number of at most 256 bits")
    return number
