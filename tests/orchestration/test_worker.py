"""What is called at the worker comes back as if it had been called here."""

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from multiprocessing import Pipe

import pytest
from thermocline.errors import GateBlocked, TargetBehind, ThermoclineError
from thermocline.orchestration import worker

IDLE = """
from thermocline.orchestration import worker
worker.prepare = lambda: None
worker.main()
"""
log = logging.getLogger("thermocline.orchestration.steps")


class Peculiar(Exception):
    """Can be raised, and not be told: it is made of two things."""

    def __init__(self, table: str, row: int) -> None:
        super().__init__(f"{table} {row}")


def tell(words: str) -> int:
    log.info("working on %s", words)
    log.warning("done with %s", words)
    return os.getpid()


def refuse(error: Exception) -> None:
    raise error


def refuse_peculiarly() -> None:
    raise Peculiar("invoices", 7)


@pytest.fixture
def at_work() -> Iterator[subprocess.Popen[bytes]]:
    near, far = Pipe()
    with far:
        process = subprocess.Popen(
            [sys.executable, "-c", IDLE, str(far.fileno())],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=[far.fileno()],
        )
    worker.work_at(near)
    try:
        with near, process:
            yield process
            process.kill()
    finally:
        worker.work_at_home()


def test_without_a_worker_a_function_is_called_here() -> None:
    assert worker.call(tell, "a task") == os.getpid()


def test_a_worker_gives_results_logs_and_refusals(
    at_work: subprocess.Popen[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "thermocline"):
        assert worker.call(tell, "a build") == at_work.pid
    assert [(each.levelname, each.getMessage()) for each in caplog.records] == [
        ("INFO", "working on a build"),
        ("WARNING", "done with a build"),
    ]
    with caplog.at_level(logging.INFO, "thermocline"):
        assert worker.call(log.info, "reported") is None
    assert caplog.messages[-1] == "reported"
    assert worker.call(date.fromisoformat, "2026-03-28") == date(2026, 3, 28)

    with pytest.raises(GateBlocked, match=r"^rule 7$"):
        worker.call(refuse, GateBlocked("rule 7"))
    with pytest.raises(TargetBehind, match=r"^bi is behind$") as behind:
        worker.call(refuse, TargetBehind("bi is behind", "2026-03-28-0002", "c0ffee"))
    assert behind.value.publication_id == "2026-03-28-0002"
    with pytest.raises(RuntimeError, match=r"^Peculiar: invoices 7$"):
        worker.call(refuse_peculiarly)
    more = worker.begin(tell, "more")
    assert more() == at_work.pid


def test_a_lost_worker_is_a_failure_of_one_line(at_work: subprocess.Popen[bytes]) -> None:
    with pytest.raises(ThermoclineError, match=r"^the process in which kill worked was lost") as lost:
        worker.call(os.kill, at_work.pid, signal.SIGKILL)
    assert "\n" not in str(lost.value)
    assert lost.value.exit_code == 70


def test_a_worker_ends_with_the_line(at_work: subprocess.Popen[bytes]) -> None:
    worker.work_at_home()
    assert at_work.wait(20) == 0
