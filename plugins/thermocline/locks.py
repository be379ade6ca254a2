"""Locks between processes, which the system drops when their holder dies."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from thermocline.errors import ThermoclineError, WarehouseBusy

POLL_SECONDS = 0.05


@contextmanager
def exclusive(path: Path, purpose: str, busy: str, wait_seconds: float = 0) -> Iterator[int]:
    """Hold the lock file `path` for `purpose`; gives its file number, for children to hold it too.

    Raises WarehouseBusy with the words `busy`, in which `{holder}` becomes the holding process and
    its purpose, if the lock isn't free within `wait_seconds`; ThermoclineError if it can't be opened.
    """
    deadline = time.monotonic() + wait_seconds
    with _opened(path) as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    lock.seek(0)
                    holder = lock.read().strip() or "another process"
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
            "put that right and run again"
        ) from error


def is_held(path: Path) -> bool:
    """Whether a process holds the lock file at this moment."""
    with suppress(FileNotFoundError):
        try:
            with path.open() as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
