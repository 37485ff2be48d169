"""What commands print: one JSON object with ``--json``, else lines for people. Logs go to stderr."""

import logging
import sys
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
import structlog
from cyclopts import Parameter

Json = Annotated[bool, Parameter(name="--json", negative="", help="One JSON object on stdout.")]
LogLevel = Literal["debug", "info", "warning", "error"]
ConfigPath = Annotated[str, Parameter(name="--config", help="Configuration directory.")]


def emit(result: Mapping[str, Any], as_json: bool) -> None:
    """Print ``result`` as one JSON object, or as aligned ``key value`` lines."""
    if as_json:
        sys.stdout.write(msgspec.json.encode(result).decode() + "\n")
        return
    width = max((len(key) for key in result), default=0)
    for key, value in result.items():
        shown = msgspec.json.encode(value).decode() if isinstance(value, dict | list | tuple) else value
        sys.stdout.write(f"{key:<{width}}  {shown}\n")


def logs_to_stderr(level: LogLevel = "info") -> None:
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
            if sys.stderr.isatty()
            else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        # Asked for at each line: the stderr of a command that runs inside another program may end before it does.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
