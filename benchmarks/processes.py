"""Programs run and measured: seconds by the clock and of all cores, and the most memory of the whole tree."""

import os
import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psutil
from thermocline.errors import ThermoclineError

SAMPLED_EVERY = 0.05
CHILDREN_EVERY = 4
"""Samples between two looks at which processes there are: that look reads all of the machine's."""


@dataclass(frozen=True)
class Taken:
    """What a program took; `memory` is in bytes, resident, its children's included at each moment."""

    seconds: float
    core_seconds: float
    memory: int
    output: str = ""


def run(command: Sequence[str | Path], log: Path, **environment: str) -> Taken:
    """Run a program to its end. Raises ThermoclineError, naming the log, where it fails."""
    began = time.perf_counter()
    with log.open("w+", encoding="utf-8") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        sampler = _Sampler(process.pid)
        sampler.start()
        # Of this process and its children alone, whatever else runs beside it.
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - began
        sampler.ended.set()
        sampler.join()
        output.seek(0)
        said = output.read()
    if process.returncode:
        last = said.strip().splitlines()[-1:] or ["nothing was said"]
        raise ThermoclineError(
            f"{Path(command[0]).name} ended with {process.returncode}: {last[0]}: see {log}"
        )
    return Taken(seconds, used.ru_utime + used.ru_stime, sampler.most, said)


class _Sampler(threading.Thread):
    """Adds up the resident memory of a process and its children, and keeps the most."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.most, self.ended = pid, 0, threading.Event()

    def run(self) -> None:
        try:
            process, tree = psutil.Process(self.pid), list[psutil.Process]()
            for number in count():
                if self.ended.wait(SAMPLED_EVERY):
                    return
                if number % CHILDREN_EVERY == 0:
                    tree = [process, *process.children(recursive=True)]
                self.most = max(self.most, _resident(tree))
        except psutil.NoSuchProcess:
            return


def _resident(tree: Iterable[psutil.Process]) -> int:
    total = 0
    for each in tree:
        try:
            total += each.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


def repeated(times: int, act: Callable[[], Taken]) -> list[Taken]:
    return [act() for _ in range(times)]


def seconds(taken: Sequence[Taken]) -> float:
    """The median by the clock."""
    return statistics.median(each.seconds for each in taken)


def memory(taken: Sequence[Taken]) -> int:
    """The greatest of all runs."""
    return max(each.memory for each in taken)
