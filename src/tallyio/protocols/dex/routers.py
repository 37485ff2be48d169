"""A pending router call → ``SwapIntent``: what the compiled decoder reads in the signed bytes, with exchanges' names.

A call is understood whole or not at all: one with a part that could change pools in a way not known here gives no
intents, since its effect cannot be told. Nor does one with a swap whose amount the call alone does not tell, that is
paid from what the router holds by then, or that may fail without failing the call.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tallyio.core.errors import ChainDataError
from tallyio.core.units import address
from tallyio.protocols.dex.deployments import Router
from tallyio.protocols.dex.intents import Hop, SwapIntent

if TYPE_CHECKING:
    from tallyio.hot_path.transactions.decoded import Intent


class RouterCalls:
    """Reads the calls of ``routers``, of which there is at least one. For one thread.

    Making it imports the kernels and compiles them where their cache is empty.
    """

    def __init__(self, routers: Iterable[Router]) -> None:
        from tallyio.hot_path.transactions import codes, layout
        from tallyio.hot_path.transactions.calls import Kind
        from tallyio.hot_path.transactions.decoded import Decoder

        self._routers = tuple(routers)
        self._decoder = Decoder({bytes.fromhex(r.address[2:]): Kind[r.kind.name] for r in self._routers})
        code = codes.Code
        self._code = code
        self._not_told = {code.NO_CALL, code.UNKNOWN_SELECTOR, code.NOT_A_ROUTER, code.PARTLY_UNKNOWN, code.LEFT_OUT}
        self._doubtful = layout.AMOUNT_UNTOLD | layout.ROUTER_PAYS | layout.MAY_FAIL

    def read(self, raw: bytes) -> tuple[SwapIntent, ...]:
        """The swaps that the transaction with the signed bytes ``raw`` makes, in order; empty when they are not told.

        Raises ``ChainDataError`` for bytes that are no transaction, and for a known function whose arguments do not
        decode: such a transaction reverts.
        """
        found = self._decoder.decode(raw)
        if isinstance(found, self._code):
            raise ChainDataError(f"expected a signed transaction, found {len(raw)} bytes: {found.name}")
        if found.call in self._not_told or found.router is None:
            return ()
        if found.call is not self._code.OK:
            raise ChainDataError(f"the router's arguments do not decode: {found.call.name}")
        if any(intent.flags & self._doubtful or not intent.amount for intent in found.intents):
            return ()
        router = self._routers[found.router]
        return tuple(_named(intent, router.v2 if intent.family == 2 else router.v3) for intent in found.intents)


def prepare_calls() -> None:
    """Load the decoder's kernels, or compile them where there are none yet, before the first pending transaction."""
    from tallyio.hot_path.transactions.decoded import Decoder

    Decoder().decode(b"")


def _named(intent: "Intent", protocol: str) -> SwapIntent:
    hops = tuple(Hop(protocol, address(hop.token_in), address(hop.token_out), hop.fee_pips) for hop in intent.hops)
    return SwapIntent(hops, intent.amount, intent.limit, intent.exact_out, intent.deadline, intent.sqrt_limit_x96)
