"""The tasks' steps: what is handed on, skipped, refused for good, and left to a retry."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
from thermocline.building import build, documentation
from thermocline.errors import GateBlocked, InputError, TargetBehind, ThermoclineError, WarehouseBusy
from thermocline.gate import audit
from thermocline.home import Home
from thermocline.landing import land
from thermocline.orchestration import arrivals, steps
from thermocline.publishing import publication

CANDIDATE = {
    "content_hash": "c0ffee",
    "as_of": "2026-03-28",
    "built_at": "2026-03-29T00:01:00+00:00",
    "predecessor": "2026-03-27-0001",
}


class Event:
    def __init__(self) -> None:
        self.partitions: list[str] = []

    def add_partitions(self, key: str) -> None:
        self.partitions.append(key)


def answering(answer: Any) -> Callable[..., Any]:
    """A function that gives `answer`, or raises it if it is an exception."""

    def call(*_: Any, **__: Any) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return call


def published(outcome: str) -> publication.Published:
    return publication.Published(outcome, "2026-03-28-0002", date(2026, 3, 28), "c0ffee")


@pytest.mark.parametrize("refusal", [InputError("bad.csv: no header"), GateBlocked("rule 7")])
def test_what_a_retry_would_repeat_is_not_retried(
    monkeypatch: pytest.MonkeyPatch, refusal: ThermoclineError
) -> None:
    monkeypatch.setattr(build, "build", answering(refusal))
    with pytest.raises(AirflowFailException, match=str(refusal)) as failure:
        steps.build(None, 0)
    assert failure.value.__cause__ is refusal


@pytest.mark.parametrize(
    "passing", [WarehouseBusy("busy"), ThermoclineError("a model failed"), OSError("disk")]
)
def test_what_may_pass_is_left_to_a_retry(monkeypatch: pytest.MonkeyPatch, passing: Exception) -> None:
    monkeypatch.setattr(build, "build", answering(passing))
    with pytest.raises(type(passing)):
        steps.build(None, 0)


def test_an_invalid_day_is_refused_before_anything_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "build", answering(AssertionError("built")))
    with pytest.raises(AirflowFailException, match="'28 March' is not a date"):
        steps.build("28 March", 0)


def test_a_build_hands_on_its_content_and_its_day(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def fake(home: Home, as_of: date | None, *, wait_seconds: float, **_: Any) -> Any:
        asked.append((home, as_of, wait_seconds))
        return build.Built("c0ffee", date(2026, 3, 28))

    monkeypatch.setattr(build, "build", fake)
    candidate = steps.build("2026-03-28", 5)
    built_at = datetime.fromisoformat(candidate.pop("built_at"))
    assert candidate == {"content_hash": "c0ffee", "as_of": "2026-03-28"}
    assert abs(datetime.now(UTC) - built_at) < timedelta(seconds=10)
    assert asked == [(home, date(2026, 3, 28), 5)]


def test_an_audit_hands_on_the_publication_it_compared_with(monkeypatch: pytest.MonkeyPatch) -> None:
    verdict = SimpleNamespace(predecessor="2026-03-27-0001", verdict="pass", warnings=())
    monkeypatch.setattr(audit, "audit", answering(verdict))
    built = {key: fact for key, fact in CANDIDATE.items() if key != "predecessor"}
    assert steps.audit(built) == CANDIDATE


def test_a_landing_of_nothing_is_skipped_and_leaves_no_trace(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(land, "land", answering(land.Landing("crm")))
    with pytest.raises(AirflowSkipException):
        steps.land("crm", None)
    monkeypatch.setattr(arrivals, "QUIET_SECONDS", 0)
    assert not arrivals.is_quiet(home)
    monkeypatch.setattr(land, "land", answering(land.Landing("crm", landed=2)))
    steps.land("crm", None)
    assert arrivals.is_quiet(home)


@pytest.mark.parametrize("outcome", ["published", "unchanged"])
def test_a_publication_adds_its_day_to_the_segments_asset(
    monkeypatch: pytest.MonkeyPatch, outcome: str
) -> None:
    monkeypatch.setattr(publication, "publish", answering(published(outcome)))
    event = Event()
    steps.publish(CANDIDATE, event, 0)
    assert event.partitions == ["2026-03-28"]


def test_an_older_day_than_the_published_one_is_skipped_without_event(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(publication, "publish", answering(published("superseded")))
    event = Event()
    with pytest.raises(AirflowSkipException, match="2026-03-28"):
        steps.publish(CANDIDATE, event, 0)
    assert event.partitions == []


def test_an_older_build_of_the_published_day_does_not_replace_a_later_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def fake(_: Home, content_hash: str, __: float) -> publication.Published:
        asked.append(content_hash)
        return published("published")

    monkeypatch.setattr(publication, "publish", fake)
    later = CANDIDATE | {"content_hash": "later", "built_at": "2026-03-29T08:00:00+00:00"}
    steps.publish(CANDIDATE, Event(), 0)
    steps.publish(later, Event(), 0)
    with pytest.raises(AirflowSkipException, match="later build"):
        steps.publish(CANDIDATE, Event(), 0)
    steps.publish(later, Event(), 0)
    steps.publish(CANDIDATE | {"as_of": "2026-03-29", "content_hash": "next day"}, Event(), 0)
    assert asked == ["c0ffee", "later", "later", "next day"]


def test_a_day_before_the_published_one_is_neither_judged_nor_published(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    later = SimpleNamespace(publication_id="2026-03-29-0003", as_of_date=date(2026, 3, 29))
    monkeypatch.setattr(publication, "current", answering(later))
    monkeypatch.setattr(publication, "publish", answering(AssertionError("published")))
    monkeypatch.setattr(audit, "audit", answering(AssertionError("judged")))
    with pytest.raises(AirflowSkipException, match="2026-03-29, a later day"):
        steps.audit(CANDIDATE)
    with pytest.raises(AirflowSkipException, match="2026-03-29, a later day"):
        steps.publish(CANDIDATE, Event(), 0)


class Reporting:
    """Refuses a candidate until it is audited against the publication `current`."""

    def __init__(self, current: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.audited_against = CANDIDATE["predecessor"]
        self.now = current
        self.audits = 0
        monkeypatch.setattr(publication, "current", lambda _: self.holds())
        monkeypatch.setattr(publication, "publish", self.publish)
        monkeypatch.setattr(audit, "audit", self.audit)

    def holds(self) -> Any:
        return SimpleNamespace(publication_id=self.now, as_of_date=date(2026, 3, 27))

    def publish(self, *_: Any) -> publication.Published:
        if self.audited_against != "2026-03-27-0002":
            raise GateBlocked("audit it again")
        return published("published")

    def audit(self, *_: Any) -> Any:
        self.audits += 1
        self.audited_against = self.now
        return SimpleNamespace(predecessor=self.now, verdict="pass", warnings=())


def test_where_another_run_published_since_the_audit_the_gate_judges_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reporting = Reporting("2026-03-27-0002", monkeypatch)
    steps.publish(CANDIDATE, Event(), 0)
    assert reporting.audits == 1


def test_a_block_by_the_gate_stays_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    reporting = Reporting("2026-03-27-0001", monkeypatch)
    with pytest.raises(AirflowFailException, match="audit it again"):
        steps.publish(CANDIDATE, Event(), 0)
    assert reporting.audits == 0


def test_the_documentation_is_rendered_by_its_own_builder(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(documentation, "render", lambda *given: asked.append(given) or True)
    steps.document(3)
    assert asked == [(home, 3)]


def test_what_reached_the_leading_target_alone_supersedes_older_builds(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publication, "publish", answering(TargetBehind("published, but not in every target")))
    with pytest.raises(TargetBehind):
        steps.publish(CANDIDATE, Event(), 0)
    older = {**CANDIDATE, "built_at": "2026-03-29T00:00:00+00:00"}
    with pytest.raises(AirflowSkipException, match="a later build of 2026-03-28"):
        steps.skip_superseded(home, older)
