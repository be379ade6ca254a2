"""OpenLineage events of a DAG run: at its start, when it has published, and when it fails.

All tasks of a DAG run report the same OpenLineage run, identified by AIRFLOW_CTX_DAG_ID and
AIRFLOW_CTX_DAG_RUN_ID. A failure here is a warning in the task's log, never the run's failure.
"""

import functools
import logging
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from airflow.sdk.exceptions import AirflowSkipException

from thermocline.home import Home

if TYPE_CHECKING:
    from thermocline.audit.openlineage_events import Details, Run
    from thermocline.publishing.publication import Published

Given = ParamSpec("Given")
Result = TypeVar("Result")

log = logging.getLogger(__name__)


def start(home: Home) -> None:
    """Send START for this DAG run."""
    _send(home, "START", None)


def complete(home: Home, published: "Published") -> None:
    """Send COMPLETE with what this DAG run has published, or found unchanged."""

    def details(run: "Run") -> "Details":
        from thermocline.audit.openlineage_events import of_publication

        return of_publication(home, run, published.publication_id, published.content_hash)

    _send(home, "COMPLETE", details)


def ends_run(step: Callable[Given, Result]) -> Callable[Given, Result]:
    """Decorate a step whose exception ends the run: send FAIL, or ABORT if it is skipped.

    A retry sends its own event, so the last one counts. If the step's first argument is a candidate,
    the event lists its inputs.
    """

    @functools.wraps(step)
    def reporting(*given: Given.args, **named: Given.kwargs) -> Result:
        try:
            return step(*given, **named)
        except Exception as error:
            candidate = given[0] if given and isinstance(given[0], dict) else {}
            kind = "ABORT" if isinstance(error, AirflowSkipException) else "FAIL"
            _stop(kind, error, candidate.get("content_hash"))
            raise

    return reporting


def _stop(kind: str, error: Exception, content_hash: Any) -> None:
    home = Home.current()

    def details(run: "Run") -> "Details":
        from thermocline.audit.openlineage_events import of_failure

        return of_failure(home, run, error, content_hash)

    _send(home, kind, details)


def _send(home: Home, kind: str, details: "Callable[[Run], Details] | None") -> None:
    job, name = os.environ.get("AIRFLOW_CTX_DAG_ID"), os.environ.get("AIRFLOW_CTX_DAG_RUN_ID")
    if not job or not name:
        return
    try:
        from thermocline.audit.openlineage_delivery import tell
        from thermocline.audit.openlineage_events import Run

        run = Run.of(home, job, "DAG", name)
        unsent = tell(home, run, kind, details(run) if details else None)
    except Exception as error:
        # A lineage server that fails must not fail the run.
        why = " ".join(str(error).split()) or type(error).__name__
        log.warning("the OpenLineage event %s wasn't written (%s)", kind, why)
        return
    if unsent:
        log.warning("the OpenLineage event %s %s; it is in %s", kind, unsent, home.openlineage)
