"""Waiting for files, and for a day to be covered by them."""

import asyncio
import os
import time
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, TaskDeferred
from airflow.sdk.module_loading import import_string
from run_contexts import context, cover, settle
from thermocline.home import Home
from thermocline.orchestration import arrivals, triggers
from thermocline.orchestration.calendar import screening_time
from thermocline.orchestration.sensors import DayCovered, DeliveryArrived

NOW = 0.0
DAY = "2026-03-28"


@pytest.fixture(autouse=True)
def now() -> None:
    global NOW
    NOW = time.time()


def day_wait(hour: float, until: float | None = None) -> triggers.DayCovered:
    return triggers.DayCovered("crm", until or NOW + 3600, DAY, hour)


def landed(home: Home, seconds_ago: float) -> None:
    arrivals.note_landing(home)
    os.utime(home.airflow / "last-landing", (NOW - seconds_ago, NOW - seconds_ago))


def sources(home: Home, *mappings: str) -> None:
    lines = [f"  - mapping: {mapping}\n    location: exports\n" for mapping in mappings]
    (home.config / "sources.yml").write_text("sources:\n" + "".join(lines))


def events(trigger: triggers.Wait) -> list[Any]:
    async def collect() -> list[Any]:
        return [event.payload async for event in trigger.run()]

    return asyncio.run(collect())


def deferral(sensor: Any, run: Any) -> TaskDeferred:
    with pytest.raises(TaskDeferred) as deferred:
        sensor.execute(run)
    return deferred.value


@pytest.mark.parametrize(("through", "ready"), [("2026-03-27", False), (DAY, True), ("2026-04-01", True)])
def test_a_day_is_covered_by_deliveries_through_it_or_beyond(home: Home, through: str, ready: bool) -> None:
    cover(home, "crm", through)
    assert day_wait(hour=NOW + 60).outcome() == (triggers.READY if ready else None)


def test_the_hour_ends_the_wait_once_files_have_stopped_coming(home: Home) -> None:
    landed(home, seconds_ago=60)
    assert day_wait(hour=NOW + 60).outcome() is None
    assert day_wait(hour=NOW - 1).outcome() == triggers.LATE


def test_the_hour_is_postponed_while_files_are_arriving(home: Home) -> None:
    landed(home, seconds_ago=5)
    assert day_wait(hour=NOW - 1).outcome() is None


def test_before_the_first_delivery_the_hour_is_postponed_by_a_day() -> None:
    assert day_wait(hour=NOW - 80000).outcome() is None
    assert day_wait(hour=NOW - 86401, until=NOW - 1).outcome() == triggers.LATE


def test_a_system_that_the_company_has_no_export_of_is_not_waited_for(home: Home) -> None:
    sources(home, "online_retail")
    assert day_wait(hour=NOW + 60).outcome() == triggers.LATE
    sources(home, "online_retail", "salesforce")
    assert day_wait(hour=NOW + 60).outcome() is None


def test_a_wait_ends_as_ready_when_the_marker_appears(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(triggers, "POLL_SECONDS", 0.05)
    asked = []

    class Third(triggers.Wait):
        def outcome(self) -> str | None:
            asked.append(time.time())
            return triggers.READY if len(asked) == 3 else None

    assert events(Third("crm", NOW, NOW + 60)) == [[triggers.READY, ""]]
    assert len(asked) == 3


def test_a_wait_is_late_at_its_end_and_asks_nothing_before_its_start(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(triggers, "POLL_SECONDS", 0.05)
    cover(home, "crm", DAY)
    wait = triggers.FilesPending("crm", since=NOW + 60, until=time.time() + 0.2)
    monkeypatch.setattr(wait, "outcome", lambda: triggers.READY)
    assert events(wait) == [[triggers.LATE, ""]]


def test_a_question_that_fails_ends_the_wait_with_its_reason(home: Home) -> None:
    (home.config / "sources.yml").write_text("sources: [{mapping: nonsense, location: x}]")
    [[outcome, reason]] = events(triggers.FilesPending("crm", NOW, NOW + 60))
    assert outcome == triggers.TROUBLE
    assert "nonsense" in reason
    with pytest.raises(AirflowFailException, match="nonsense"):
        DeliveryArrived(task_id="wait", system="crm").resume(context("scheduled"), [outcome, reason])


def test_a_trigger_survives_being_written_down() -> None:
    for trigger in (day_wait(hour=NOW), triggers.FilesPending("billing", NOW, NOW + 1)):
        path, arguments = trigger.serialize()
        again = import_string(path)(**arguments)
        assert type(again) is type(trigger)
        assert again.serialize() == (path, arguments)


def test_manual_runs_wait_for_nothing() -> None:
    DeliveryArrived(task_id="wait", system="crm").execute(context("manual"))
    DayCovered(task_id="wait", system="crm").execute(context("manual", day=DAY))


@pytest.mark.parametrize("run_type", ["scheduled", "backfill"])
def test_a_scheduled_run_waits_until_the_hour_of_its_day(home: Home, run_type: str) -> None:
    settle(home, "Europe/Berlin", 7)
    day = (datetime.now(UTC) + timedelta(days=2)).date()
    trigger = deferral(DayCovered(task_id="wait", system="crm"), context(run_type, day.isoformat())).trigger
    hour = datetime.fromtimestamp(trigger.hour, UTC)
    assert hour.date() == day + timedelta(days=1)
    assert hour.hour in (5, 6)


def test_past_days_are_not_waited_for(home: Home) -> None:
    sensor = DayCovered(task_id="wait", system="crm")
    with pytest.raises(AirflowSkipException):
        sensor.execute(context("backfill", "2020-01-01"))
    cover(home, "crm", "2020-01-01")
    sensor.execute(context("backfill", "2020-01-01"))


def test_the_day_of_a_late_run_is_its_parameter(home: Home) -> None:
    cover(home, "crm", "2020-01-01")
    DayCovered(task_id="wait", system="crm").execute(context("operator_triggered", as_of="2020-01-01"))


def test_an_extract_run_waits_for_a_day() -> None:
    deferred = deferral(DeliveryArrived(task_id="wait", system="crm"), context("scheduled"))
    assert deferred.trigger.since <= time.time()
    assert deferred.trigger.until - deferred.trigger.since == 86400
    assert timedelta(hours=24) <= deferred.timeout <= timedelta(hours=24, minutes=1)


def test_after_a_failed_run_the_next_waits(home: Home) -> None:
    ended = datetime.now(UTC)
    failed = SimpleNamespace(state="failed", end_date=ended)
    (home.exports / "Account.csv").write_text("Id,Name\n1,a\n")
    os.utime(home.exports / "Account.csv", (NOW - 60, NOW - 60))
    sensor = DeliveryArrived(task_id="wait", system="crm")
    trigger = deferral(sensor, context("scheduled", previous=failed)).trigger
    assert trigger.since == pytest.approx(ended.timestamp() + 600)
    sensor.execute(context("scheduled", previous=SimpleNamespace(state="success", end_date=ended)))


def test_a_wait_without_a_delivery_ends_as_skipped() -> None:
    sensor = DayCovered(task_id="wait", system="crm")
    with pytest.raises(AirflowSkipException):
        sensor.resume(context("scheduled"), [triggers.LATE, ""])
    sensor.resume(context("scheduled"), [triggers.READY, ""])


def test_without_a_triggerer_the_scheduler_wakes_the_wait_at_the_hour(home: Home) -> None:
    def woken(run: Any) -> None:
        sensor.resume_execution("__fail__", {"error": "Trigger timeout"}, run)

    sensor = DayCovered(task_id="wait", system="crm")
    settle(home, hour=9)
    landed(home, seconds_ago=60)
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date()
    deferred = deferral(sensor, context("scheduled", tomorrow.isoformat()))
    wakes = datetime.now(UTC) + deferred.timeout
    hour = screening_time(home, tomorrow)
    assert hour < wakes < hour + timedelta(minutes=1)
    with pytest.raises(AirflowSkipException):
        woken(context("scheduled", "2020-01-01"))
    with pytest.raises(TaskDeferred):
        woken(context("scheduled", tomorrow.isoformat()))


def test_covering_is_asked_per_system(home: Home) -> None:
    cover(home, "billing", DAY)
    assert arrivals.covers(home, "billing", date.fromisoformat(DAY))
    assert not arrivals.covers(home, "crm", date.fromisoformat(DAY))
