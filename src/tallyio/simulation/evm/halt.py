"""How a frame ends other than by itself, and what stops the whole machine."""

from tallyio.core.errors import ChainDataError


class Halt(Exception):  # noqa: N818 - an outcome of the chain, not an error of ours
    """An exceptional halt (Yellow Paper, section 9.4.2): the frame's gas is gone and its effects with it."""


class MissingStateError(ChainDataError):
    """The pre-state lacks what the execution reads. ``account`` is 0x-hex; ``slot`` None where the account lacks."""

    def __init__(self, account: str, slot: int | None, message: str) -> None:
        super().__init__(message, todo="Fetch the block again, from a node whose tracer gives the whole pre-state")
        self.account = account
        self.slot = slot


class UnsupportedError(ChainDataError):
    """The execution reached something that this machine cannot reproduce, so it is refused."""
