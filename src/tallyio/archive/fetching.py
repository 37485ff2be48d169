"""``archive fetch``: blocks with their pre-state from a node that traces."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from tallyio.archive.block_json import header
from tallyio.archive.records import ArchivedBlock, ArchiveError
from tallyio.archive.sources import MAINNET, assemble, pre_state
from tallyio.archive.store import path_of, read_block, write_block
from tallyio.archive.tracing import accounts_before
from tallyio.chains.blocking import BlockingRpc
from tallyio.chains.jsonrpc import Call, RpcError, quantity
from tallyio.core.errors import OperatorError, OutOfReachError
from tallyio.core.units import Hash32

Tell = Callable[[str, int, int], None]
_TIMEOUT_S = 120.0
_WINDOW = 256
_RANGE = re.compile(r"(\d+)(?:\.\.(\d+))?")


class Fetched(msgspec.Struct, frozen=True):
    """Numbers of the blocks that were fetched now, and of those that were there already."""

    fetched: tuple[int, ...]
    kept: tuple[int, ...]


def parse_range(text: str) -> tuple[int, int]:
    """``A..B`` or ``A``, decimal. Raises ``OperatorError``."""
    found = _RANGE.fullmatch(text)
    if found is None:
        raise OperatorError(
            f"found {text!r} as --blocks, expected A..B or one number", todo="Example: --blocks 100..120"
        )
    first, last = int(found[1]), int(found[2] or found[1])
    if first > last or first == 0:
        raise OperatorError(f"found the blocks {text}, expected a first of at least 1 that is not above the last")
    return first, last


def fetch_blocks(
    rpc_url: str, first: int, last: int, out: Path, rules: str = "", tell: Tell = lambda name, done, total: None
) -> Fetched:
    """Archive the blocks ``first`` to ``last``; one that is in ``out`` whole is kept.

    ``rules``: the fork of a chain other than Ethereum; asked of the node where it says (anvil). Raises
    ``OutOfReachError`` for a node that does not answer or lacks the tracer, ``ArchiveError`` for a block that does not
    hash to its own hash.
    """
    rpc = BlockingRpc(rpc_url, _TIMEOUT_S)
    fetched, kept = [], []
    try:
        chain_id = quantity(rpc.call("eth_chainId"), "chain id")
        rules = rules or ("" if chain_id == MAINNET else _rules_of(rpc))
        total = last - first + 1
        for done, number in enumerate(range(first, last + 1)):
            tell(f"block {number}", done, total)
            if _is_there(out, number, chain_id):
                kept.append(number)
                continue
            write_block(out, fetch_block(rpc, number, chain_id, rules))
            fetched.append(number)
        tell("", total, total)
    finally:
        rpc.close()
    return Fetched(tuple(fetched), tuple(kept))


def fetch_block(rpc: BlockingRpc, number: int, chain_id: int, rules: str) -> ArchivedBlock:
    block = rpc.call("eth_getBlockByNumber", [hex(number), True])
    if not isinstance(block, dict):
        raise OutOfReachError(f"{rpc.where} does not know block {number}", todo="Ask for blocks that it has")
    found = header(block)
    state = pre_state(accounts_before(rpc, block), {}, _block_hashes(rpc, number, found.parent_hash))
    return assemble(block, state, chain_id, rules)


def _block_hashes(rpc: BlockingRpc, number: int, parent: Hash32) -> dict[int, Hash32]:
    wanted = range(max(number - _WINDOW, 0), number - 1)
    calls: list[Call] = [("eth_getBlockByNumber", [hex(each), False]) for each in wanted]
    answers = rpc.batch(calls) if calls else []
    found = {each: Hash32(answer["hash"]) for each, answer in zip(wanted, answers, strict=True) if answer}
    return found | {number - 1: parent}


def _is_there(out: Path, number: int, chain_id: int) -> bool:
    path = path_of(out, number)
    if not path.exists():
        return False
    try:
        held = read_block(path)
    except ArchiveError:
        return False
    if held.chain_id != chain_id:
        raise ArchiveError(
            f"{path} is of chain {held.chain_id}, the node's is {chain_id}", todo="Give each chain a folder of its own"
        )
    return held.executable


def _rules_of(rpc: BlockingRpc) -> str:
    """The fork that a development node says it runs; empty where it does not say."""
    try:
        answer: Any = rpc.call("anvil_nodeInfo")
    except RpcError:
        return ""
    return str(answer.get("hardFork", "")) if isinstance(answer, dict) else ""
