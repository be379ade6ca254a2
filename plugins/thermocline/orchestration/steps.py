"""What the DAGs' tasks do: call the pipeline, say how it went, and fail as Airflow should.

Bad input and a gate that blocks end a task at once, because a retry can't mend them; a busy
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
from thermocline.orchestration.order import note_published, overtaken

Candidate = dict[str, Any]
"""What the tasks hand on: content_hash, as_of (ISO date), built_at and, once audited, predecessor."""

log = logging.getLogger(__name__)


def land(system: str, location: str | None) -> None:
    """Land the new files of `system`; skip where there are none."""
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
    """Build and freeze a candidate, of the newest complete day if no day is given."""
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
    """Put a candidate before the gate; gives it on, with its `predecessor`, where it may pass.

    Skips what reporting has overtaken: a block would fail a run that publishes nothing anyway.
    """
    return judge(Home.current(), candidate)


def judge(home: Home, candidate: Candidate) -> Candidate:
    skip_overtaken(home, candidate)
    from thermocline.gate.audit import audit as audit_candidate

    log.info("auditing ...")
    with refusals():
        try:
            verdict = audit_candidate(home, candidate["content_hash"])
        except GateBlocked:
            complete_targets(home)
            raise
    log.info("the gate lets it pass (%s, %s warnings)", verdict.verdict, len(verdict.warnings))
    return candidate | {"predecessor": verdict.predecessor}


@run_events.ends_run
def publish(candidate: Candidate, event: Any, wait_seconds: float) -> None:
    """Publish an audited candidate; `event` is the outlet event of the published asset.

    Skips what reporting has overtaken since the audit.
    """
    from thermocline.publishing import publication

    home = Home.current()
    skip_overtaken(home, candidate)

    def attempt() -> publication.Published:
        return publication.publish(home, candidate["content_hash"], wait_seconds)

    with refusals():
        try:
            published = attempt()
        except GateBlocked:
            current = publication.current(home)
            if (current.publication_id if current else None) == candidate["predecessor"]:
                raise
            # Another run has published since the audit: the verdict was on another change.
            judge(home, candidate)
            published = attempt()
        except TargetBehind:
            note_published(home, candidate)
            raise
    if published.outcome == "superseded":
        skip(f"reporting already holds {published.as_of_date}, a later day: nothing is published")
    note_published(home, candidate)
    event.add_partitions(candidate["as_of"])
    log.info("%s as %s", published.outcome, published.publication_id)
    run_events.complete(home, published)
    clear_superseded(home)


def clear_superseded(home: Home) -> None:
    """Remove the candidates that the publication made useless; a failure is the next run's to mend."""
    from thermocline.retention.superseded import prune_superseded

    try:
        removed = prune_superseded(home)
    except (ThermoclineError, OSError) as error:
        log.warning("superseded candidates were not removed: %s", error)
        return
    if removed:
        log.info("removed %s superseded candidates", len(removed))


def document(wait_seconds: float) -> None:
    """Render the documentation of what is published, where the models have changed."""
    from thermocline.building.documentation import render

    with refusals():
        rendered = render(Home.current(), wait_seconds)
    log.info("rendered the documentation" if rendered else "the documentation is up to date")


def prune(wait_seconds: float) -> None:
    """Remove what the company's retention doesn't keep any longer."""
    from thermocline.retention.pruning import prune as prune_home

    with refusals():
        for removed in prune_home(Home.current(), wait_seconds=wait_seconds):
            log.info("%s", removed)


def skip(reason: str) -> NoReturn:
    """End the task well without its event."""
    log.info(reason)
    raise AirflowSkipException(reason)


def skip_overtaken(home: Home, candidate: Candidate) -> None:
    reason = overtaken(home, candidate)
    if reason:
        complete_targets(home)
        skip(reason)


def complete_targets(home: Home) -> None:
    """Where a run publishes nothing, complete the targets that failed in an earlier one.

    A failure is the next run's to mend.
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
    """Turn a refusal that would come again into a failure without retries."""
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
