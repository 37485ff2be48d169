"""The operator's two levers: stop, and let go on."""

from pathlib import Path
from typing import Any

from tallyio.config.directory import ConfigDirectory
from tallyio.engine import kill_switch
from tallyio.journal.log import FILE_NAME, Journal
from tallyio.journal.projections import breaker_state
from tallyio.risk.breaker import closed_by_operator


def kill(config: Path, reason: str) -> dict[str, Any]:
    """Halt the searcher of this directory, running or not. It notices within 0.1 s."""
    halt = kill_switch.halt(ConfigDirectory.open(config).data_dir, reason)
    return {"halted": True, "by": halt.who, "at": halt.when, "reason": halt.why}


def resume(config: Path) -> dict[str, Any]:
    """Lift the halt and close the breaker. The journal must be free: a halted searcher has let go of it."""
    data_dir = ConfigDirectory.open(config).data_dir
    closed = ""
    if (data_dir / FILE_NAME).exists():
        with Journal.open(data_dir / FILE_NAME) as journal:
            state = breaker_state(journal)
            if state.open:
                closed = state.reason
                journal.append(closed_by_operator(state))
    standing = kill_switch.resume(data_dir)
    return {"halted": False, "was_halted": standing is not None, "breaker_closed": closed}
