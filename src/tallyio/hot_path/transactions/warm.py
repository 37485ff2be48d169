"""The decoder and the effects of what it decodes, ready."""

import numpy as np

from tallyio.hot_path.transactions.decoded import Decoder


def warm() -> None:
    from tallyio.hot_path.detector.detector import Arrays
    from tallyio.hot_path.transactions.after import Effects

    decoder = Decoder()
    decoder.decode(b"\xc0")
    Effects((), Arrays(np.zeros(0, np.uint64), np.zeros((0, 2), np.int32)), decoder).prepare()
