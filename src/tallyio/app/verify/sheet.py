"""What one record's answers come to: agreed, different, asked of no model yet, or beyond the record's inputs."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from tallyio.core.errors import ChainDataError

REFUSED = "refused"
_Answer = TypeVar("_Answer")


class Sheet:
    """Collects the answers of one record. ``differences`` and ``missing`` name the answers concerned."""

    def __init__(self) -> None:
        self.answers = 0
        self.differences: list[str] = []
        self.missing: list[str] = []
        self.outside: list[str] = []
        self.refused = False

    def same(self, name: str, recorded: object, found: object) -> None:
        self.answers += 1
        if _reverted(recorded):
            recorded = REFUSED
        if recorded != found:
            self.differences.append(f"{name}: contract {recorded}, model {found}")

    def fields(self, name: str, recorded: Mapping[str, object], found: Mapping[str, object]) -> None:
        """Each recorded field against the model's; a field that the model does not give is missing."""
        for key, value in recorded.items():
            if key in found:
                self.same(f"{name}.{key}", value, found[key])
            else:
                self.missing.append(f"{name}.{key}")

    def unjudged(self, name: str) -> None:
        """An answer that the record's own inputs do not determine: counted by name, judged by nobody."""
        self.outside.append(name)

    def view(self, name: str, recorded: Mapping[str, Any], ask: Callable[[], object]) -> None:
        """A read-only answer: its value, or that both refuse."""
        self.same(name, recorded["value"] if recorded["ok"] else REFUSED, answer(ask))

    def call(self, result: Mapping[str, Any], ask: Callable[[], _Answer]) -> _Answer | None:
        """What the model says of the call where contract and model both carry it out, else ``None``."""
        try:
            found = ask()
        except ChainDataError as e:
            self.refused = not result["ok"]
            self.same("call", "done" if result["ok"] else REFUSED, f"{REFUSED} ({e})" if result["ok"] else REFUSED)
            return None
        self.same("call", "done" if result["ok"] else f"{REFUSED} {result['revert']}", "done")
        return found if result["ok"] else None


def answer(ask: Callable[[], object]) -> object:
    """What a view says, or that it refuses."""
    try:
        return ask()
    except ChainDataError:
        return REFUSED


def _reverted(recorded: object) -> bool:
    if isinstance(recorded, list):
        return bool(recorded) and all(_reverted(each) for each in recorded)
    return isinstance(recorded, dict) and (recorded.get("ok") is False or "selector" in recorded)
