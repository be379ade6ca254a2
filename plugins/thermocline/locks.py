"""Locks between processes, which the system drops when their holder dies."""

import fcntl
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

import psutil  # type: ignore[import-untyped]

from thermocline.errors import ThermoclineError, WarehouseBusy

POLL_SECONDS = 0.05


@contextmanager
def exclusive(
    path: Path, purpose: str, busy: str, wait_seconds: float = 0, leaving_seconds: float = 0
) -> Iterator[int]:
    """Hold the lock file `path` for `purpose`; yield its descriptor, so that children can hold it too.

    Raise WarehouseBusy with the message `busy`, in which `{holder}` becomes the holding process and its
    purpose, if the lock isn't free within `wait_seconds`; ThermoclineError if it can't be opened.
    leaving_seconds: how long to wait for the children of a killed holder to exit.
    """
    begun = time.monotonic()
    with _opened(path) as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                lock.seek(0)
                holder = lock.read().strip() or "another process"
                patience = max(wait_seconds, 0 if _is_alive(holder) else leaving_seconds)
                if time.monotonic() >= begun + patience:
                    raise WarehouseBusy(busy.replace("{holder}", holder)) from None
                time.sleep(POLL_SECONDS)
        # For messages only, so a full disk may do without.
        with suppress(OSError):
            os.ftruncate(lock.fileno(), 0)
            os.write(lock.fileno(), f"process {os.getpid()} ({purpose})\n".encode())
        yield lock.fileno()


def _opened(path: Path) -> TextIO:
    try:
        return path.open("a+")
    except OSError as error:
        raise ThermoclineError(
            f"{path} can't be opened for writing ({error.strerror}), so nothing was done: "
            "fix the cause and run again"
        ) from error


def _is_alive(holder: str) -> bool:
    named = re.match(r"process (\d+) ", holder)
    try:
        return named is None or psutil.Process(int(named[1])).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def opened_by(path: Path) -> str:
    """Return the other processes that have a file open, for messages: process 812 (sqlite3)."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            names = [opened.path for opened in process.open_files()]
            if process.pid != os.getpid() and str(path) in names:
                found.append(f"process {process.pid} ({process.name()})")
    return ", ".join(found) or "another process"


def is_held(path: Path) -> bool:
    """Return whether a process holds the lock file at this moment."""
    with suppress(FileNotFoundError):
        try:
            with path.open() as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
