"""The decoder, ready."""

from tallyio.hot_path.transactions.decoded import Decoder


def warm() -> None:
    Decoder().decode(b"\xc0")
