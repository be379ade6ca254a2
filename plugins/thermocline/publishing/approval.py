"""Approval: a person lets a candidate pass that the gate blocked for a shift in segments alone."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from thermocline.candidates.candidate import Candidate
from thermocline.errors import GateBlocked, InputError
from thermocline.gate import failures, suites
from thermocline.home import Home
from thermocline.publishing import publication
from thermocline.terminal import plain

LONGEST = 500
"""Characters of a name or a reason."""
SHORTEST_HASH = 8


@dataclass(frozen=True)
class Approval:
    """Who approved which rules' block, when (UTC, ISO) and why; `through`: command or airflow."""

    by: str
    because: str
    at: str
    through: str
    rules: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return {**vars(self), "rules": list(self.rules)}


@dataclass(frozen=True)
class Pending:
    """A blocked candidate that a person may approve, and what the gate found of it.

    checks: the blocking ones, as in its verdict; moved: by rule, the number of accounts that differ.
    """

    content_hash: str
    as_of_date: date
    predecessor: str | None
    checks: tuple[dict[str, Any], ...]
    moved: dict[str, int]

    @property
    def rules(self) -> tuple[str, ...]:
        return tuple(check["rule"] for check in self.checks)

    def lines(self) -> list[str]:
        """Return one line per blocking rule: what was found, what is allowed and the accounts that moved."""
        return [
            f"{check['rule']}: {suites.words(check)}; {self.moved.get(check['rule'], 0):,} "
            + ("accounts differ" if "moved" in str(check["measure"]) else "findings, see failures.csv")
            for check in self.checks
        ]


def find(home: Home, begins: str) -> str:
    """Return the content hash of the one candidate whose hash begins with `begins`. Raise InputError."""
    wanted = begins.strip().lower()
    if len(wanted) < SHORTEST_HASH or set(wanted) - set("0123456789abcdef"):
        raise InputError(
            f"{plain(begins)!r} isn't a content hash: give at least its first {SHORTEST_HASH} hex digits"
        )
    found = sorted(path.name for path in home.candidates.glob(f"{wanted}*"))
    if len(found) != 1:
        raise InputError(
            f"{len(found)} candidates in {home.candidates} begin with {wanted}: "
            "read the hash in the blocked run's message"
        )
    return found[0]


def pending(home: Home, content_hash: str) -> Pending:
    """Return the candidate if a person may approve it now.

    Raise InputError (no such candidate, or nothing to approve), GateBlocked (it is blocked for more than a
    shift, or reporting has moved on since), ContentChanged (it differs from what was audited).
    """
    candidate = Candidate.read(home, content_hash)
    verdict = candidate.read_verdict()
    named = f"candidate {content_hash[:12]}"
    if verdict is None:
        raise GateBlocked(f"{named} has no verdict: audit it first")
    refuse_others(named, verdict)
    current = publication.current(home)
    if current and current.content_hash == content_hash:
        raise InputError(f"{named} is published as {current.publication_id}: there is nothing to approve")
    day = candidate.facts.as_of_date
    held = publication.day_held(home)
    if held and held > day:
        raise GateBlocked(f"{named} is of {day} and reporting already holds {held}: nothing is published")
    if (current.publication_id if current else None) != verdict["predecessor"]:
        raise GateBlocked(
            f"{named} was compared with publication {verdict['predecessor'] or '(none)'}, and readers now "
            f"see {current.publication_id if current else '(none)'}: audit it again"
        )
    candidate.check(rows=False)
    return Pending(
        content_hash,
        day,
        verdict["predecessor"],
        tuple(check for check in verdict["checks"] if check["verdict"] == "block"),
        failures.counted(candidate),
    )


def refuse_others(named: str, verdict: dict[str, Any]) -> None:
    """Raise InputError where nothing is blocked, GateBlocked where more is than a person may approve."""
    blocks = [check for check in verdict["checks"] if check["verdict"] == "block"]
    if verdict["verdict"] != "block" or not blocks:
        raise InputError(f"{named} isn't blocked ({verdict['verdict']}): there is nothing to approve")
    others = [check["rule"] for check in blocks if not check.get("approvable")]
    if others:
        raise GateBlocked(
            f"{named} is blocked by {', '.join(others)}, which nobody can approve: "
            "fix the cause and run again"
        )


def approval(found: Pending, by: str, because: str, through: str, at: str | None = None) -> Approval:
    """Return a person's approval of the findings, dated now unless `at` is given.

    Raise InputError without a name or a reason.
    """
    for what, text in (("name", by), ("reason", because)):
        if not text.strip() or len(text) > LONGEST:
            raise InputError(f"an approval needs a {what} of 1 to {LONGEST} characters: give one")
    return Approval(
        by=plain(by.strip(), LONGEST),
        because=plain(because.strip(), LONGEST),
        at=at or datetime.now(UTC).isoformat(timespec="seconds"),
        through=through,
        rules=found.rules,
    )


def approve(
    home: Home, begins: str, by: str, because: str, progress: Callable[[str], None] = lambda _: None
) -> tuple[Pending, publication.Published]:
    """Publish the blocked candidate whose hash begins with `begins`, approved by a person.


    `progress` as in `publish`. Raise the errors of `find`, `pending`, `approval` and `publication.publish`.
    """
    found = pending(home, find(home, begins))
    given = approval(found, by, because, "command")
    return found, publication.publish(home, found.content_hash, progress=progress, approval=given.to_json())
