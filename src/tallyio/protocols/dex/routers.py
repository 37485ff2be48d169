"""Router calldata → ``SwapIntent``: Uniswap v2 Router02, v3 SwapRouter and SwapRouter02, and their forks.

A call is understood whole or not at all: a ``multicall`` with a part that could change pools in a way not known here
gives no intents, since its effect cannot be told.
"""

from itertools import pairwise
from typing import Any

import msgspec

from tallyio.core.errors import ChainDataError
from tallyio.core.units import Address, address
from tallyio.protocols.dex.deployments import Router, RouterKind
from tallyio.protocols.dex.intents import Hop, SwapIntent

_PATH = "uint256,uint256,address[],address"
_VALUE_PATH = "uint256,address[],address,uint256"
_SINGLE = "(address,address,uint24,address,uint256,uint256,uint256,uint160)"
_SINGLE_02 = "(address,address,uint24,address,uint256,uint256,uint160)"
_MULTI = "(bytes,address,uint256,uint256,uint256)"
_MULTI_02 = "(bytes,address,uint256,uint256)"

# selector: (argument types, exact_out, input is the transaction's value)
_V2_CALLS: dict[str, tuple[str, bool, bool]] = {
    "38ed1739": (f"{_PATH},uint256", False, False),  # swapExactTokensForTokens
    "5c11d795": (f"{_PATH},uint256", False, False),  # ...SupportingFeeOnTransferTokens
    "18cbafe5": (f"{_PATH},uint256", False, False),  # swapExactTokensForETH
    "791ac947": (f"{_PATH},uint256", False, False),  # ...SupportingFeeOnTransferTokens
    "7ff36ab5": (_VALUE_PATH, False, True),  # swapExactETHForTokens
    "b6f9de95": (_VALUE_PATH, False, True),  # ...SupportingFeeOnTransferTokens
    "8803dbee": (f"{_PATH},uint256", True, False),  # swapTokensForExactTokens
    "4a25d94a": (f"{_PATH},uint256", True, False),  # swapTokensForExactETH
    "fb3bdb41": (_VALUE_PATH, True, True),  # swapETHForExactTokens
}
_V2_CALLS_02 = {"472b43f3": (_PATH, False, False), "42712a67": (_PATH, True, False)}
# selector: (argument type, exact_out, one pool named by its fields)
_V3_CALLS = {
    "414bf389": (_SINGLE, False, True),
    "db3e2198": (_SINGLE, True, True),
    "c04b8d59": (_MULTI, False, False),
    "f28c0498": (_MULTI, True, False),
}
_V3_CALLS_02 = {
    "04e45aaf": (_SINGLE_02, False, True),
    "5023b4df": (_SINGLE_02, True, True),
    "b858183f": (_MULTI_02, False, False),
    "09b81346": (_MULTI_02, True, False),
}
_MULTICALLS = {"ac9650d8": "bytes[]"}
_MULTICALLS_02 = {**_MULTICALLS, "5ae401dc": "uint256,bytes[]", "1f0464d1": "bytes32,bytes[]"}
_UNWRAP = {"49404b7c": "uint256,address", "49616997": "uint256"}
# refundETH, sweepToken, selfPermit and its kin, wrapETH: they move the caller's tokens, never a pool
_HARMLESS = {"12210e8a", "df2ab5bb", "e90a182f", "f3995c67", "c2e3140a", "4659a494", "a4a78f0c", "1c58db4f"}


def decode_call(router: Router, data: bytes, value_wei: int) -> tuple[SwapIntent, ...]:
    """The swaps that a call of ``router`` makes, in order; empty when it makes none that is known here.

    Raises ``ChainDataError`` for a known function whose arguments do not decode: such a transaction reverts.
    """
    selector = data[:4].hex()
    match router.kind:
        case RouterKind.V2:
            v2, v3, multicalls = _V2_CALLS, {}, {}
        case RouterKind.V3:
            v2, v3, multicalls = {}, _V3_CALLS, _MULTICALLS
        case RouterKind.V3_02:
            v2, v3, multicalls = _V2_CALLS_02, _V3_CALLS_02, _MULTICALLS_02
    if selector in v2:
        return (_v2(router.v2, *v2[selector], data[4:], value_wei),)
    if selector in v3:
        intent = _v3(router.v3, *v3[selector], data[4:])
        return (intent,) if intent else ()
    if selector in multicalls:
        return _multicall(router, multicalls[selector], data[4:], value_wei)
    return ()


def _multicall(router: Router, types: str, data: bytes, value_wei: int) -> tuple[SwapIntent, ...]:
    *head, calls = _arguments(types, data)
    deadline = int(head[0]) if head and types.startswith("uint256") else 0
    intents: list[SwapIntent] = []
    for call in calls:
        selector = call[:4].hex()
        if selector in _HARMLESS:
            continue
        if selector in _UNWRAP:
            # unwrapping asks for a least amount of WETH: one more condition on the swap that yields it. Of several
            # swaps it asks for their sum, which no limit of one of them says: the proof tells there.
            least = int(_arguments(_UNWRAP[selector], call[4:])[0])
            if len(intents) == 1 and not intents[-1].exact_out:
                intents[-1] = msgspec.structs.replace(intents[-1], limit=max(intents[-1].limit, least))
            continue
        inner = decode_call(router, call, value_wei)
        if not inner:
            return ()
        intents += (msgspec.structs.replace(i, deadline=i.deadline or deadline) for i in inner)
    return tuple(intents)


def _v2(protocol: str, types: str, exact_out: bool, pays_value: bool, data: bytes, value_wei: int) -> SwapIntent:
    arguments = _arguments(types, data)
    first = int(arguments[0])
    if pays_value:
        path, deadline = arguments[1], int(arguments[3])
        amount, limit = (first, value_wei) if exact_out else (value_wei, first)
    else:
        amount, limit, path = first, int(arguments[1]), arguments[2]
        deadline = int(arguments[4]) if len(arguments) > 4 else 0
    if len(path) < 2:
        raise ChainDataError("a router's path needs two tokens")
    tokens = [address(token) for token in path]
    hops = tuple(Hop(protocol, a, b) for a, b in pairwise(tokens))
    return SwapIntent(hops, amount, limit, exact_out, deadline)


def _v3(protocol: str, types: str, exact_out: bool, single: bool, data: bytes) -> SwapIntent | None:
    fields: tuple[Any, ...] = _arguments(types, data)[0]
    sqrt_limit = 0
    if single:
        token_in, token_out, fee, _, *rest = fields
        *timing, amount, limit, sqrt_limit = rest
        hops: tuple[Hop, ...] = (Hop(protocol, address(token_in), address(token_out), fee),)
    else:
        path, _, *timing, amount, limit = fields
        hops = _path(protocol, path, reverse=exact_out)
    if amount == 0:  # SwapRouter02: "all that the router holds", which the call alone does not tell
        return None
    return SwapIntent(hops, amount, limit, exact_out, timing[0] if timing else 0, sqrt_limit)


def _path(protocol: str, packed: bytes, reverse: bool) -> tuple[Hop, ...]:
    """Tokens of 20 bytes with fees of 3 bytes between; the path of an exact output runs from the output back."""
    if len(packed) < 43 or (len(packed) - 20) % 23:
        raise ChainDataError(f"expected a path of 20 + 23n bytes, found {len(packed)}")
    tokens: list[Address] = [address(packed[i : i + 20]) for i in range(0, len(packed), 23)]
    fees = [int.from_bytes(packed[i + 20 : i + 23]) for i in range(0, len(packed) - 20, 23)]
    if reverse:
        tokens.reverse()
        fees.reverse()
    return tuple(Hop(protocol, tokens[i], tokens[i + 1], fee) for i, fee in enumerate(fees))


def _arguments(types: str, data: bytes) -> tuple[Any, ...]:
    from eth_abi.abi import decode
    from eth_abi.exceptions import DecodingError

    try:
        return decode(_split(types), data)
    except (DecodingError, OverflowError, ValueError) as e:
        raise ChainDataError(f"the router's arguments do not decode as ({types})") from e


def _split(types: str) -> list[str]:
    return [types] if types.startswith("(") else types.split(",")
