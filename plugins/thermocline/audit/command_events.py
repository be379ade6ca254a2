"""OpenLineage events of a manual command: written as it happens, sent when all is done.

Sending waits for the end because a server that doesn't answer costs its client's retries, and a
rollback must not wait for them. A failure here is a line on stderr, never the command's failure.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from thermocline.home import Home

if TYPE_CHECKING:
    from openlineage.client.event_v2 import RunEvent

    from thermocline.audit.openlineage_events import Details, Run
    from thermocline.publishing.publication import Published


class EventLog:
    """The events of one run of a command, a job of its own name."""

    def __init__(self, home: Home, command: str, warn: Callable[[str], None]) -> None:
        self.home = home
        self.command = command
        self.name = f"{datetime.now(UTC).isoformat()} {os.getpid()}"
        self.warn = warn
        self.written: list[RunEvent] = []
        self.is_open = False

    def progress(self, step: str) -> None:
        """Receive the publisher's steps: a run begins when it has the publishers' lock."""
        if step == "locked":
            self.is_open = True
            self._write("START", None)

    def published(self, published: "Published") -> None:
        """Write what readers see now, in which targets."""

        def details(run: "Run") -> "Details":
            from thermocline.audit.openlineage_events import of_publication

            return of_publication(self.home, run, published.publication_id, published.content_hash)

        self._write("COMPLETE", details)
        self.is_open = False

    def failed(self, error: BaseException) -> None:
        """Write why nothing, or not all, was published; a command refused beforehand is no run."""

        def details(run: "Run") -> "Details":
            from thermocline.audit.openlineage_events import of_failure

            return of_failure(self.home, run, error, None)

        if self.is_open:
            self._write("FAIL", details)

    def send(self) -> None:
        """Send all written events if a server is configured."""
        try:
            from thermocline.audit.openlineage_delivery import send

            unsent = send(self.written)
        except Exception as error:
            unsent = f"couldn't be sent ({type(error).__name__})"
        if unsent:
            self.warn(f"the OpenLineage events {unsent}; they are in {self.home.openlineage}")

    def _write(self, kind: str, details: "Callable[[Run], Details] | None") -> None:
        try:
            from thermocline.audit.openlineage_delivery import write
            from thermocline.audit.openlineage_events import Run

            run = Run.of(self.home, self.command, "COMMAND", self.name)
            made = write(self.home, run, kind, details(run) if details else None)
        except Exception as error:
            why = " ".join(str(error).split()) or type(error).__name__
            self.warn(f"the OpenLineage event {kind} wasn't written ({why})")
            return
        if made:
            self.written.append(made)


@contextmanager
def logging_events(home: Home, command: str, warn: Callable[[str], None]) -> Iterator[EventLog]:
    """Write the events of the block; `warn` is called with each failure to write or send.

    An interrupted command leaves its START in the file.
    """
    run = EventLog(home, command, warn)
    try:
        yield run
    except Exception as error:
        run.failed(error)
        run.send()
        raise
    run.send()
