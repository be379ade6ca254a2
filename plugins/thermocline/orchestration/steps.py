"""Steps of the DAGs: call the pipeline, log the result, and map errors to Airflow's outcomes.

Bad input and a gate that blocks fail a task without retries, because a retry can't repair them; a busy
warehouse or a crash is retried.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NoReturn

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from thermocline.errors import (
    GateBlocked,
    InputError,
    PlaceUnreachable,
    TargetBehind,
    ThermoclineError,
    WarehouseBusy,
)
from thermocline.home import Home
from thermocline.orchestration import run_events
from thermocline.orchestration.arrivals import note_landing
from thermocline.orchestration.calendar import last_whole_day
from thermocline.orchestration.order import note_published, superseded_by

Candidate = dict[str, Any]
"""XCom between the tasks: content_hash, as_of (ISO date), built_at and, once audited, predecessor."""

log = logging.getLogger(__name__)


def land(system: str, location: str | None) -> None:
    """Land the new files of `system`; skip if there are none."""
    from thermocline.landing.land import land as land_files

    home = Home.current()
    with refusals():
        landing = land_files(home, system, Path(location) if location else None, warn=log.warning)
    if not landing.landed:
        skip("nothing new to land")
    note_landing(home)
    log.info("landed %s files", landing.landed)


@run_events.ends_run
def build(as_of: str | None, wait_seconds: float) -> Candidate:
    """Build and freeze a candidate and return it; without `as_of`, of the newest complete day."""
    from thermocline.building.build import build as build_candidate

    home = Home.current()
    run_events.start(home)
    log.info("building %s ...", f"as of {as_of}" if as_of else "the newest complete day")
    with refusals():
        candidate = build_candidate(
            home,
            day_of(as_of),
            last_whole_day=last_whole_day(home, datetime.now(UTC)),
            wait_seconds=wait_seconds,
            report=log.info,
        )
    log.info("built candidate %.12s as of %s", candidate.content_hash, candidate.as_of)
    return {
        "content_hash": candidate.content_hash,
        "as_of": candidate.as_of.isoformat(),
        "built_at": datetime.now(UTC).isoformat(),
    }


@run_events.ends_run
def audit(candidate: Candidate) -> Candidate:
    """Audit a candidate and return it with its `predecessor` if the gate passes it.

    Skip a superseded candidate: a block would fail a run that publishes nothing anyway.
    """
    return judge(Home.current(), candidate)


def judge(home: Home, candidate: Candidate) -> Candidate:
    skip_superseded(home, candidate)
    from thermocline.gate.audit import audit as audit_candidate

    log.info("auditing ...")
    with refusals():
        try:
            verdict = audit_candidate(home, candidate["content_hash"])
        except GateBlocked:
            complete_targets(home)
            raise
    log.info("the gate passed it (%s, %s warnings)", verdict.verdict, len(verdict.warnings))
    return candidate | {"predecessor": verdict.predecessor}


@run_events.ends_run
def publish(candidate: Candidate, event: Any, wait_seconds: float) -> None:
    """Publish an audited candidate; `event` is the outlet event of the published asset.

    Skip a candidate that was superseded since the audit.
    """
    from thermocline.publishing import publication

    home = Home.current()
    skip_superseded(home, candidate)

    def attempt() -> publication.Published:
        return publication.publish(home, candidate["content_hash"], wait_seconds)

    with refusals():
        try:
            published = attempt()
        except GateBlocked:
            current = publication.current(home)
            if (current.publication_id if current else None) == candidate["predecessor"]:
                raise
            # Another run has published since the audit: the verdict compared with another publication.
            judge(home, candidate)
            published = attempt()
        except TargetBehind:
            note_published(home, candidate)
            raise
    if published.outcome == "superseded":
        skip(f"{published.as_of_date}, a later day, is already published: nothing is published")
    note_published(home, candidate)
    event.add_partitions(candidate["as_of"])
    log.info("%s as %s", published.outcome, published.publication_id)
    run_events.complete(home, published)
    clear_superseded(home)


def clear_superseded(home: Home) -> None:
    """Remove the candidates that the publication superseded; after a failure the next run tries again."""
    from thermocline.retention.superseded import prune_superseded

    try:
        removed = prune_superseded(home)
    except (ThermoclineError, OSError) as error:
        log.warning("superseded candidates were not removed: %s", error)
        return
    if removed:
        log.info("removed %s superseded candidates", len(removed))


def document(wait_seconds: float) -> None:
    """Render the documentation of the current publication if the models have changed."""
    from thermocline.building.documentation import render

    with refusals():
        rendered = render(Home.current(), wait_seconds)
    log.info("rendered the documentation" if rendered else "the documentation is up to date")


def prune(wait_seconds: float) -> None:
    """Remove what is older than the company's retention."""
    from thermocline.retention.pruning import prune as prune_home

    with refusals():
        for removed in prune_home(Home.current(), wait_seconds=wait_seconds):
            log.info("%s", removed)


def skip(reason: str) -> NoReturn:
    """Log the reason and end the task as skipped, so that its asset isn't updated."""
    log.info(reason)
    raise AirflowSkipException(reason)


def skip_superseded(home: Home, candidate: Candidate) -> None:
    reason = superseded_by(home, candidate)
    if reason:
        complete_targets(home)
        skip(reason)


def complete_targets(home: Home) -> None:
    """Complete the targets that failed in an earlier run, in a run that publishes nothing.

    After a failure the next run tries again.
    """
    from thermocline.publishing import publication

    try:
        completed = publication.complete(home)
    except (ThermoclineError, OSError) as error:
        log.warning("not every target has the current publication: %s", error)
        return
    if completed:
        log.info("completed %s", ", ".join(completed))


@contextmanager
def refusals() -> Iterator[None]:
    """Turn an error that a retry would only repeat into a failure without retries."""
    try:
        yield
    except (WarehouseBusy, PlaceUnreachable):
        raise
    except (InputError, GateBlocked) as refusal:
        raise AirflowFailException(str(refusal)) from refusal


def day_of(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise InputError(f"as-of date {text!r} is not a date: write it as 2026-03-28") from error
