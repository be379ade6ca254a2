"""The worker of a run by hand: it imports dbt and Great Expectations while Airflow starts beside it.

Python runs on one core, and importing all three one after the other is half of a small run. The worker is
given functions to call, one at a time; what they log is told where they were called. Its argument is
the file number of its end of the line; it ends when the line does, and with its parent.
"""

import gc
import logging
import os
import pickle
import queue
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from logging.handlers import QueueHandler
from multiprocessing.connection import Connection
from typing import Any, ParamSpec, TypeVar

from thermocline.errors import ThermoclineError
from thermocline.home import Home
from thermocline.orchestration.lifeline import SECONDS_TO_END, end_with_parent

Given = ParamSpec("Given")
Result = TypeVar("Result")

COLLECTED_EVERY = 20_000
"""New objects between two looks for garbage; Python's own 700 cost a small run up to half a second more."""

_lines: list[Connection] = []


def work_at(line: Connection) -> None:
    """Let `call` use the worker at the other end of the line."""
    _lines[:] = [line]


def work_at_home() -> None:
    """Let go of the worker, which ends, and let `call` use this process."""
    while _lines:
        _lines.pop().close()


def call(function: Callable[Given, Result], *given: Given.args, **named: Given.kwargs) -> Result:
    """What `function` gives or raises, by the worker where there is one, else by this process.

    Under the scheduler there is none: each task has a process of its own. Raises ThermoclineError where the
    worker is lost.
    """
    return begin(function, *given, **named)()


def begin(
    function: Callable[Given, Result], *given: Given.args, **named: Given.kwargs
) -> Callable[[], Result]:
    """What ends a `call`, and gives its result; the worker, where there is one, works until then."""
    if not _lines:
        return partial(function, *given, **named)
    [line] = _lines
    with suppress(OSError):
        line.send((function, given, named))
    return lambda: _outcome(line, function.__name__)


def _outcome(line: Connection, name: str) -> Any:
    try:
        while isinstance(told := line.recv(), logging.LogRecord):
            logging.getLogger(told.name).handle(told)
    except (EOFError, OSError):
        raise ThermoclineError(
            f"the process in which {name} worked was lost, perhaps for want of memory: run again"
        ) from None
    except BaseException:
        # What the worker would still say answers nothing.
        line.close()
        raise
    outcome, error = told
    if error is not None:
        raise error
    return outcome


class Forward(QueueHandler):
    """Tells log records at the other end of the line."""

    def __init__(self, line: Connection) -> None:
        super().__init__(queue.SimpleQueue())
        self.line = line

    def enqueue(self, record: logging.LogRecord) -> None:
        self.line.send(record)


def main() -> None:
    end_with_parent(signal.SIGINT, SECONDS_TO_END)
    line = Connection(int(sys.argv[1]))
    os.set_inheritable(line.fileno(), False)
    gc.disable()
    prepare()
    gc.freeze()
    gc.set_threshold(COLLECTED_EVERY)
    gc.enable()
    logger = logging.getLogger("thermocline")
    logger.setLevel(logging.INFO)
    logger.addHandler(Forward(line))
    logger.propagate = False
    with suppress(EOFError, ConnectionError, KeyboardInterrupt):
        while True:
            function, given, named = line.recv()
            line.send(outcome_of(function, given, named))
    sys.stderr.flush()
    os._exit(0)


def prepare() -> None:
    """Do what every run does that builds, audits and documents; what fails here fails again there."""
    with suppress(Exception):
        from thermocline import build, documentation, gate, suites, transformation  # noqa: F401

        transformation.library()
        transformation.parse(Home.current())
        suites.library()


def outcome_of(function: Callable[..., Any], given: Any, named: Any) -> tuple[Any, Exception | None]:
    """What the function gives and None, or None and what it raises, fit to be told."""
    try:
        return function(*given, **named), None
    except Exception as error:
        # The log is what both processes write to; a trace can't be told.
        traceback.print_exc()
        try:
            pickle.loads(pickle.dumps(error))  # noqa: S301
        except Exception:
            return None, RuntimeError(f"{type(error).__name__}: {error}")
        return None, error


if __name__ == "__main__":
    # As the module that others import, so that there is one of everything in it.
    from thermocline.orchestration import worker

    worker.main()
