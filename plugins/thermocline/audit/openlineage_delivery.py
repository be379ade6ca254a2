"""Where OpenLineage events go: a file of the home, and a server too where one is configured.

The file is `openlineage.jsonl`, one JSON object a line. The server is what the OpenLineage client is
configured with: OPENLINEAGE_URL, OPENLINEAGE_CONFIG or an openlineage.yml.
"""

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from thermocline import locks
from thermocline.audit.openlineage_events import Details, Run, event
from thermocline.home import Home

if TYPE_CHECKING:
    from openlineage.client.event_v2 import RunEvent

SECONDS_TO_WAIT = 10


def tell(home: Home, run: Run, kind: str, details: Details | None = None) -> str | None:
    """Write one event, then send it; return and raise what `send` and `write` do."""
    made = write(home, run, kind, details)
    return send([made] if made else [])


def write(home: Home, run: Run, kind: str, details: Details | None = None) -> "RunEvent | None":
    """Write one event (START, COMPLETE, FAIL or ABORT) into the file; None where OPENLINEAGE_DISABLED=true.

    Raise OSError where it can't be written, WarehouseBusy where another process writes for long.
    """
    if os.environ.get("OPENLINEAGE_DISABLED", "").strip().lower() == "true":
        return None
    from openlineage.client.serde import Serde

    made = event(run, kind, details or Details())
    _append(home, Serde.to_json(made).encode())
    return made


@contextmanager
def writing(home: Home) -> Iterator[None]:
    """Lock the file. Raise WarehouseBusy where another process writes for too long."""
    busy = f"{home.openlineage} is held by {{holder}}: wait until it ends, then run again"
    with locks.exclusive(home.root / "openlineage.lock", "writing its events", busy, SECONDS_TO_WAIT):
        yield


def _append(home: Home, line: bytes) -> None:
    """Append a line; a torn last line of a killed writer is cut off first."""
    with writing(home), home.openlineage.open("a+b") as file:
        _cut_torn_line(file)
        file.write(line + b"\n")


def _cut_torn_line(file: BinaryIO) -> None:
    end = file.seek(0, os.SEEK_END)
    while end:
        start = max(0, end - 65536)
        file.seek(start)
        newline = file.read(end - start).rfind(b"\n")
        if newline >= 0:
            file.truncate(start + newline + 1)
            return
        end = start
    file.truncate(0)


def send(events: Sequence["RunEvent"]) -> str | None:
    """Send events if a server is configured; return why that failed, in one line without secrets."""
    from urllib.parse import urlsplit

    if not events:
        return None
    from openlineage.client import OpenLineageClient

    # It warns where nothing is configured, which is our default.
    logging.getLogger("openlineage.client.client").setLevel(logging.ERROR)
    where = "its server"
    try:
        client = OpenLineageClient()
        if client.transport.kind == "console":
            return None
        where = urlsplit(getattr(client.transport, "url", "")).hostname or client.transport.kind or where
        for made in events:
            client.emit(made)
        client.close(SECONDS_TO_WAIT)
    except Exception as error:
        # The error's own words may hold a URL with a password.
        status = getattr(getattr(error, "response", None), "status_code", None)
        why = f"{type(error).__name__}{f' {status}' if status else ''}"
        return f"couldn't be sent to {where} ({why})"
    return None
