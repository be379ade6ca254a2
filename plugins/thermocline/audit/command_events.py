"""What a person's command tells OpenLineage of a publication: written as it happens, sent when all is done.

A server that doesn't answer costs its client's retries, and who puts a publication back doesn't wait for
them. What goes wrong here is a line on stderr, never the command's failure.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from thermocline.home import Home

if TYPE_CHECKING:
    from openlineage.client.event_v2 import RunEvent

    from thermocline.audit.openlineage_events import Run, Told
    from thermocline.publishing.publication import Published


class Telling:
    """The events of one run of a command, a job of its own name."""

    def __init__(self, home: Home, command: str, warn: Callable[[str], None]) -> None:
        self.home = home
        self.command = command
        self.name = f"{datetime.now(UTC).isoformat()} {os.getpid()}"
        self.warn = warn
        self.written: list[RunEvent] = []
        self.is_open = False

    def progress(self, step: str) -> None:
        """To be told the publisher's steps: a run begins when it has the publishers' lock."""
        if step == "locked":
            self.is_open = True
            self._write("START", None)

    def published(self, published: "Published") -> None:
        """Tell what readers see now, in which targets."""

        def told(run: "Run") -> "Told":
            from thermocline.audit.openlineage_events import of_publication

            return of_publication(self.home, run, published.publication_id, published.content_hash)

        self._write("COMPLETE", told)
        self.is_open = False

    def failed(self, error: BaseException) -> None:
        """Tell why nothing, or not all, was published; what was refused beforehand is no run."""

        def told(run: "Run") -> "Told":
            from thermocline.audit.openlineage_events import of_failure

            return of_failure(self.home, run, error, None)

        if self.is_open:
            self._write("FAIL", told)

    def send(self) -> None:
        """Send all that was written where a server is configured."""
        try:
            from thermocline.audit.openlineage_delivery import send

            unsent = send(self.written)
        except Exception as error:
            unsent = f"couldn't be sent ({type(error).__name__})"
        if unsent:
            self.warn(f"the OpenLineage events {unsent}; they are in {self.home.openlineage}")

    def _write(self, kind: str, told: "Callable[[Run], Told] | None") -> None:
        try:
            from thermocline.audit.openlineage_delivery import write
            from thermocline.audit.openlineage_events import Run

            run = Run.of(self.home, self.command, "COMMAND", self.name)
            made = write(self.home, run, kind, told(run) if told else None)
        except Exception as error:
            why = " ".join(str(error).split()) or type(error).__name__
            self.warn(f"the OpenLineage event {kind} wasn't written ({why})")
            return
        if made:
            self.written.append(made)


@contextmanager
def telling(home: Home, command: str, warn: Callable[[str], None]) -> Iterator[Telling]:
    """Tell of what happens within; `warn` gets a line for what couldn't be written or sent.

    An interrupted command leaves its START in the file.
    """
    run = Telling(home, command, warn)
    try:
        yield run
    except Exception as error:
        run.failed(error)
        run.send()
        raise
    run.send()
