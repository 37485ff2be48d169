"""The twin of the kernels, made of other people's decoders: RLP by ``rlp``, arguments by ``eth_abi``.

It shares the declared calls with them and the records in which they are told, no reading of bytes.
"""

from itertools import pairwise
from typing import Any

import rlp  # type: ignore[import-untyped]
from eth_abi.abi import decode as decode_arguments
from eth_abi.exceptions import DecodingError
from rlp.exceptions import RLPException  # type: ignore[import-untyped]

from tallyio.hot_path.transactions import layout
from tallyio.hot_path.transactions.calls import CALLS, EXACT_OUT, PAYS_VALUE, TAKES_FEE, TIMED, Action, Call, Kind
from tallyio.hot_path.transactions.codes import Code
from tallyio.hot_path.transactions.commands import CONDITIONS, MAY_FAIL, SKIPPED, Command
from tallyio.hot_path.transactions.decoded import Hop, Intent

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
PARTS, DEPTH = 256, 4
_BY_SELECTOR = {call.selector.to_bytes(4): call for call in CALLS}
_SUB_PLAN = Call("", Action.PLAN, Kind.UNIVERSAL)


class RefusedError(Exception):
    """The bytes are no transaction, or no call of that function."""


def fields_of(raw: bytes) -> dict[str, Any]:
    """Every field of a signed transaction. Raises ``RefusedError``."""
    try:
        return _fields(raw)
    except (RLPException, IndexError, ValueError, TypeError) as e:
        raise RefusedError(str(e)) from e


def _fields(raw: bytes) -> dict[str, Any]:
    kind = 0 if raw[0] >= 0xC0 else raw[0]
    _require(0 < raw[0] <= 4 or raw[0] >= 0xC0)
    body = rlp.decode(raw[1:] if kind else raw)
    _require(isinstance(body, list))
    blobs = None
    if kind == 3 and isinstance(body[0], list):
        version, each = ([b"\x01"], 128) if body[1] == b"\x01" else ([], 1)
        body, *found, blobs, commitments, proofs = body
        _require(found == version and all(isinstance(one, list) for one in (blobs, commitments, proofs)))
        _require(all(_has(one, 131072) for one in blobs) and all(_has(one, 48) for one in commitments + proofs))
        _require(len(blobs) == len(commitments) == len(body[10]) and len(proofs) == each * len(blobs))
    out: dict[str, Any] = {"type": kind, "chain_id": None}
    rest = list(body)
    if kind:
        out["chain_id"] = _number(rest.pop(0))
    out["nonce"] = _number(rest.pop(0))
    out["tip"] = out["cap"] = _number(rest.pop(0))
    if kind >= 2:
        out["cap"] = _number(rest.pop(0))
    _require(out["tip"] <= out["cap"])
    out["gas"] = _number(rest.pop(0))
    out["to"], out["value"], out["data"] = rest.pop(0), _number(rest.pop(0), 256), rest.pop(0)
    _require(_has(out["to"], 20) or (_has(out["to"], 0) and kind < 3))
    _require(isinstance(out["data"], bytes))
    if kind:
        access = rest.pop(0)
        _require(isinstance(access, list))
        for where, keys in access:
            _require(_has(where, 20) and isinstance(keys, list) and all(_has(key, 32) for key in keys))
        out["access"] = (len(access), sum(len(keys) for _, keys in access))
    if kind == 3:
        _number(rest.pop(0))
        hashes = rest.pop(0)
        _require(isinstance(hashes, list) and bool(hashes) and all(_has(one, 32) for one in hashes))
    if kind == 4:
        entries = rest.pop(0)
        _require(isinstance(entries, list) and bool(entries))
        for chain, where, nonce, parity, r, s in entries:
            _require(_has(where, 20) and _number(parity) < 256 and _number(nonce) >= 0)
            _require(min(_number(one, 256) for one in (chain, r, s)) >= 0)
    mark, r, s = _number(rest.pop(0)), _number(rest.pop(0), 256), _number(rest.pop(0), 256)
    if kind == 0:
        if mark >= 35:
            out["chain_id"], mark = divmod(mark - 35, 2)
        else:
            mark -= 27
    _require(mark in (0, 1) and 0 < r < ORDER and 0 < s <= ORDER // 2 and not rest)
    out["signature"] = (mark, r, s)
    return out


def _require(holds: bool) -> None:
    if not holds:
        raise RefusedError


def _has(field: Any, length: int) -> bool:
    return isinstance(field, bytes) and len(field) == length


def _number(field: Any, bits: int = 64) -> int:
    _require(isinstance(field, bytes) and field[:1] != b"\0" and len(field) * 8 <= bits)
    return int.from_bytes(field)


class Recognised:
    """The swaps of a call, as the kernels tell them, and the same counts. Raises ``RefusedError`` where they refuse."""

    def __init__(self, data: bytes, value: int, kinds: Kind = Kind.ANY, cap: int = 32) -> None:
        self.intents: list[Intent] = []
        self.left_out = self.unknown = self.conditions = self.skipped = self._parts = 0
        self._value, self._cap = value, cap
        call = _BY_SELECTOR.get(data[:4])
        if call is None or not call.kinds & kinds:
            self.code = Code.UNKNOWN_SELECTOR
            return
        self._call(data, kinds, None, 0)
        self.code = Code.LEFT_OUT if self.left_out else Code.PARTLY_UNKNOWN if self.unknown else Code.OK

    def _call(self, data: bytes, kinds: Kind, deadline: int | None, depth: int) -> None:
        call = _BY_SELECTOR.get(data[:4])
        if call is None or not call.kinds & kinds:
            self.unknown += 1
            return
        match call.action:
            case Action.V2 | Action.V3_SINGLE | Action.V3_PATH:
                if len(self.intents) >= self._cap:
                    self.left_out += 1
                    return
                tell = _v2 if call.action is Action.V2 else _v3
                self._tell(tell(call, _arguments(_types(call), data[4:]), self._value), deadline)
            case Action.MULTICALL:
                *head, inner = _arguments(_types(call), data[4:])
                if call.flags & TIMED:
                    deadline = min(head[0], 2**64 - 1 if deadline is None else deadline)
                elif head:
                    self.conditions += 1
                if self._enters(len(inner), depth):
                    for place, one in enumerate(inner):
                        if self._ends(len(inner) - place):
                            break
                        self._call(one, call.kinds & kinds, deadline, depth + 1)
            case Action.PLAN:
                self._plan(call, _arguments(_types(call), data[4:]), deadline, 0, depth)
            case Action.UNWRAP:
                self._unwrap(_arguments(["uint256"], data[4:])[0])
            case Action.CONDITION:
                self.conditions += 1
            case Action.HARMLESS:
                self.skipped += 1

    def _plan(self, call: Call, arguments: tuple[Any, ...], deadline: int | None, flags: int, depth: int) -> None:
        commands, inputs, *timing = arguments
        _require(len(commands) == len(inputs))
        if timing:
            deadline = min(timing[0], 2**64 - 1)
        if not self._enters(len(inputs), depth):
            return
        for place, (command, data) in enumerate(zip(commands, inputs, strict=True)):
            if self._ends(len(inputs) - place):
                break
            self._command(call, command, data, deadline, flags, depth)

    def _command(self, call: Call, command: int, data: bytes, deadline: int | None, flags: int, depth: int) -> None:
        if command & MAY_FAIL:
            flags, command = flags | layout.MAY_FAIL, command - MAY_FAIL
        match command:
            case Command.V3_SWAP_EXACT_IN | Command.V3_SWAP_EXACT_OUT:
                family, path_type, exact_out = 3, "bytes", command == Command.V3_SWAP_EXACT_OUT
            case Command.V2_SWAP_EXACT_IN | Command.V2_SWAP_EXACT_OUT:
                family, path_type, exact_out = 2, "address[]", command == Command.V2_SWAP_EXACT_OUT
            case Command.EXECUTE_SUB_PLAN:
                self._plan(call, _arguments(["bytes", "bytes[]"], data), deadline, flags, depth)
                return
            case Command.UNWRAP_WETH:
                self._unwrap(_arguments(["uint256", "uint256"], data)[1])
                return
            case _ if command in SKIPPED:
                self.skipped += 1
                return
            case _ if command in CONDITIONS:
                self.conditions += 1
                return
            case _:
                self.unknown += 1
                return
        if len(self.intents) >= self._cap:
            self.left_out += 1
            return
        to, amount, limit, path, user = _arguments(["address", "uint256", "uint256", path_type, "bool"], data)
        flags |= (0 if user else layout.ROUTER_PAYS) | (layout.AMOUNT_UNTOLD if amount in (0, 1 << 255) else 0)
        hops = _addresses(path) if family == 2 else _packed(path, exact_out)
        self._tell(Intent(hops, amount, limit, exact_out, family, _bytes(to), None, 0, flags, call.signature), deadline)

    def _tell(self, intent: Intent, deadline: int | None) -> None:
        fields = {name: getattr(intent, name) for name in intent.__struct_fields__}
        if intent.deadline is None:
            fields["deadline"] = deadline
        self.intents.append(Intent(**fields))

    def _unwrap(self, least: int) -> None:
        self.skipped += 1
        if len(self.intents) == 1 and not self.intents[0].exact_out:
            fields = {name: getattr(self.intents[0], name) for name in Intent.__struct_fields__}
            self.intents[0] = Intent(**{**fields, "limit": max(fields["limit"], least)})
        elif least:
            self.conditions += 1

    def _enters(self, count: int, depth: int) -> bool:
        if depth >= DEPTH:
            self.left_out += count
        return depth < DEPTH

    def _ends(self, left: int) -> bool:
        if self._parts >= PARTS:
            self.left_out += left
            return True
        self._parts += 1
        return False


def _v2(call: Call, arguments: tuple[Any, ...], value: int) -> Intent:
    exact_out = bool(call.flags & EXACT_OUT)
    if call.flags & PAYS_VALUE:
        first, path, to, *timing = arguments
        amount, limit = (first, value) if exact_out else (value, first)
    else:
        amount, limit, path, to, *timing = arguments
    flags = layout.FROM_VALUE if call.flags & PAYS_VALUE else 0
    flags |= layout.FEE_ON_TRANSFER if call.flags & TAKES_FEE else 0
    deadline = min(timing[0], 2**64 - 1) if timing else None
    return Intent(_addresses(path), amount, limit, exact_out, 2, _bytes(to), deadline, 0, flags, call.signature)


def _v3(call: Call, arguments: tuple[Any, ...], _: int) -> Intent:
    exact_out, sqrt_limit = bool(call.flags & EXACT_OUT), 0
    fields = arguments[0]
    if call.action is Action.V3_SINGLE:
        token_in, token_out, fee, to, *timing, amount, limit, sqrt_limit = fields
        hops: tuple[Hop, ...] = (Hop(_bytes(token_in), _bytes(token_out), fee),)
    else:
        path, to, *timing, amount, limit = fields
        hops = _packed(path, exact_out)
    flags = layout.AMOUNT_UNTOLD if amount in (0, 1 << 255) else 0
    deadline = min(timing[0], 2**64 - 1) if timing else None
    return Intent(hops, amount, limit, exact_out, 3, _bytes(to), deadline, sqrt_limit, flags, call.signature)


def _addresses(path: tuple[str, ...]) -> tuple[Hop, ...]:
    _require(len(path) >= 2)
    return tuple(Hop(_bytes(a), _bytes(b)) for a, b in pairwise(path))


def _packed(path: bytes, reverse: bool) -> tuple[Hop, ...]:
    _require(len(path) >= 43 and len(path) % 23 == 20)
    hops = [
        Hop(path[i : i + 20], path[i + 23 : i + 43], int.from_bytes(path[i + 20 : i + 23]))
        for i in range(0, len(path) - 20, 23)
    ]
    return tuple(Hop(h.token_out, h.token_in, h.fee_pips) for h in reversed(hops)) if reverse else tuple(hops)


def _bytes(address: str) -> bytes:
    return bytes.fromhex(address[2:])


def _types(call: Call) -> list[str]:
    inside = call.signature[call.signature.index("(") + 1 : -1]
    return [inside] if inside.startswith("(") else inside.split(",")


def _arguments(types: list[str], data: bytes) -> tuple[Any, ...]:
    try:
        return decode_arguments(types, data)
    except (DecodingError, OverflowError, ValueError) as e:
        raise RefusedError(str(e)) from e
