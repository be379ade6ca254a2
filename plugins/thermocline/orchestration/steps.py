"""What the DAGs' tasks do: call the pipeline, say how it went, and fail as Airflow should.

Bad input and a gate that blocks end a task at once, because a retry can't mend them; a busy
warehouse, a lost process or a crash is retried.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from thermocline.errors import GateBlocked, InputError, WarehouseBusy
from thermocline.home import Home

log = logging.getLogger(__name__)


def land(system: str, location: str | None) -> None:
    """Land the new files of `system`; skip where there are none."""
    from thermocline.sources.landing import land as land_files

    with refusals():
        landing = land_files(
            Home.current(), system, Path(location) if location else None, warn=log.warning
        )
    if not landing.landed:
        skip("nothing new to land")
    log.info("landed %s files", landing.landed)


def build(as_of: str | None, wait_seconds: float) -> dict[str, str]:
    """Build and freeze a candidate; its `content_hash` and `as_of` (ISO date)."""
    from thermocline.build import build as build_candidate

    log.info("building %s ...", f"as of {as_of}" if as_of else "the newest complete day")
    with refusals():
        built = build_candidate(Home.current(), day_of(as_of), wait_seconds=wait_seconds)
    log.info("built candidate %.12s as of %s", built.content_hash, built.as_of)
    return {"content_hash": built.content_hash, "as_of": built.as_of.isoformat()}


def audit(candidate: dict[str, str]) -> dict[str, str]:
    """Put a candidate before the gate; gives it on where the gate lets it pass."""
    from thermocline.gate import audit as audit_candidate

    log.info("auditing ...")
    with refusals():
        audit_candidate(Home.current(), candidate["content_hash"])
    log.info("the gate let it pass")
    return candidate


def publish(candidate: dict[str, str], event: Any) -> None:
    """Publish an audited candidate; `event` is the outlet event of the published asset."""
    from thermocline.publication import publish as publish_candidate

    with refusals():
        published = publish_candidate(Home.current(), candidate["content_hash"])
    if published.outcome == "superseded":
        skip("reporting already holds a later day: nothing was published")
    event.add_partitions(candidate["as_of"])
    log.info("reporting: %s", published.outcome)


def document() -> None:
    """Render the documentation of what is published."""
    from thermocline.documentation import render

    log.info("rendering the documentation ...")
    with refusals():
        render(Home.current())
    log.info("rendered the documentation")


def skip(reason: str) -> NoReturn:
    """End the task well without its event."""
    log.info(reason)
    raise AirflowSkipException(reason)


@contextmanager
def refusals() -> Iterator[None]:
    """Turn a refusal that would come again into a failure without retries."""
    try:
        yield
    except WarehouseBusy:
        raise
    except (InputError, GateBlocked) as refusal:
        raise AirflowFailException(str(refusal)) from refusal


def day_of(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise InputError(f"as-of date {text!r} is not a date: write it as 2026-03-28") from error
