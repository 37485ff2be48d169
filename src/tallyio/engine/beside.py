"""Work beside the pipeline: a look for long cycles on another thread, one at a time."""

import asyncio
from contextlib import suppress

from tallyio.market.view import MarketView
from tallyio.strategies.detection import Detection
from tallyio.strategies.long_cycles import LongCycles


class LongLook:
    """What is found is offered to ``detection`` on the loop's own thread."""

    def __init__(self, cycles: LongCycles, detection: Detection) -> None:
        self._cycles = cycles
        self._detection = detection
        self._looking: asyncio.Task[None] | None = None

    def begin(self, view: MarketView) -> None:
        """Looks at ``view``, unless the last look is still under way. Raises what that one ended with."""
        if self._looking is not None:
            if not self._looking.done():
                return
            self._looking.result()
        self._looking = asyncio.create_task(self._look(view))

    async def close(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            with suppress(asyncio.CancelledError):
                await self._looking

    async def _look(self, view: MarketView) -> None:
        found = await asyncio.to_thread(self._cycles.look, view)
        self._detection.offer(view.graph, found)
