"""Log lines go where stderr is when they are written."""

import io
from collections.abc import Iterator

import pytest
import structlog

from tallyio.cli.output import logs_to_stderr


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def test_logs_follow_stderr_when_the_first_one_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = io.StringIO(), io.StringIO()
    monkeypatch.setattr("sys.stderr", first)
    logs_to_stderr("warning")
    first.close()
    monkeypatch.setattr("sys.stderr", second)
    structlog.get_logger().warning("still here")
    assert "still here" in second.getvalue()
