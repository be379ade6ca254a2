"""Publishing: the only way from a candidate to what readers see."""

from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from thermocline import warehouse
from thermocline.company import settings
from thermocline.errors import ContentChanged, InputError, TargetBehind, ThermoclineError
from thermocline.files.wording import shown
from thermocline.gate import audit_index
from thermocline.home import Home
from thermocline.ledger import chain
from thermocline.ledger.chain import Ledger, Recorded, completed, recorded
from thermocline.publishing.publisher import KEEP, Publisher
from thermocline.publishing.targets import Progress, Target
from thermocline.publishing.targets.configured import configured
from thermocline.publishing.targets.duckdb_file import DuckDBFile


@dataclass(frozen=True)
class Published:
    """How `publish` ended, and the publication that readers see now.

    outcome: published; unchanged (it had the same content); superseded (it is of a later date);
    restored (by `rollback`); reopened (by `return_to`).
    """

    outcome: str
    publication_id: str
    as_of_date: date
    content_hash: str


@dataclass(frozen=True)
class Publication:
    """A row of table `publication`; published_at is UTC, money in the reporting currency."""

    publication_id: str
    is_current: bool
    restores: str | None
    as_of_date: date
    published_at: datetime
    verdict: str
    warnings: int
    accounts: int
    hot: int
    cold: int
    unattributed_revenue: Decimal
    quarantined_rows: int
    scorecard_version: int
    code_version: str
    inputs_digest: str
    content_hash: str
    ledger_hash: str


def targets(home: Home) -> list[Target]:
    """Return the home's targets, the DuckDB file first. Raise InputError naming file, line and key."""
    return configured(home)


def database(home: Home) -> Path:
    """Return the path where readers open the current publication."""
    return DuckDBFile(home).pointer


def history(home: Home) -> list[Publication]:
    """Return the kept publications in the order in which they were published."""
    place = DuckDBFile(home)
    publication_id = place.current()
    if publication_id is None:
        return []
    with _readable(publication_id):
        rows = place.publications(publication_id)
    there = set(place.kept())
    return sorted(
        (Publication(**row) for row in rows if row["publication_id"] in there),
        # Their number, since a clock may have been turned back between them.
        key=lambda kept: int(kept.publication_id.rpartition("-")[2]),
    )


@contextmanager
def reading(home: Home, **publication_ids: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a connection with kept publications attached read-only, each under its keyword.

    Raise InputError for one that isn't kept, ContentChanged for one that can't be read.
    """
    place = DuckDBFile(home)
    kept = place.kept()
    for publication_id in publication_ids.values():
        if publication_id not in kept:
            raise InputError(absent(home, publication_id, kept))
    with (
        _readable(" or ".join(publication_ids.values())),
        closing(warehouse.connect(home, Path(":memory:"))) as connection,
    ):
        for name, publication_id in publication_ids.items():
            warehouse.attach(connection, place.path(publication_id), name)
        yield connection


def absent(home: Home, publication_id: str, kept: Collection[str]) -> str:
    """Return why a publication isn't kept: when it was pruned, or that it never existed."""
    listed = f"these are kept: {', '.join(kept) or 'none'}"
    done = completed(recorded(Ledger(home.ledger).scan().entries).values())
    names = [each.publication_id for each in done]
    if publication_id not in names:
        return f"there is no publication {shown(publication_id)}: {listed}"
    # The publication that pushed it out of the kept ones.
    settled = settings.read(home)
    keep = settled.keep_publications if settled else KEEP
    successors = done[names.index(publication_id) + keep :]
    on = min((entry["at"][:10] for each in successors[:1] for entry in each.done.values()), default=None)
    return (
        f"publication {publication_id} was pruned{f' on {on}' if on else ''}, the last {keep} stay: {listed}"
    )


@contextmanager
def _readable(publication_id: str) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        raise ContentChanged(
            f"publication {publication_id} can't be read ({_first_line(error)}): "
            "run thermocline verify, and restore it from a backup"
        ) from error


def current(home: Home) -> Publication | None:
    """Return the publication that readers see; None before the first.

    Raise ContentChanged where its file can't be read.
    """
    place = DuckDBFile(home)
    publication_id = place.current()
    if publication_id is None:
        return None
    try:
        rows = [row for row in place.publications(publication_id) if row["is_current"]]
    except duckdb.Error as error:
        raise ContentChanged(
            f"publication {publication_id} can't be read from target {place.name} "
            f"({_first_line(error)}): run thermocline verify, and restore it from a backup"
        ) from error
    if [row["publication_id"] for row in rows] != [publication_id]:
        raise ContentChanged(
            f"publication {publication_id} doesn't call itself the current one: "
            "run thermocline verify, and restore it from a backup"
        )
    return Publication(**rows[0])


def day_held(home: Home) -> date | None:
    """Return the day before which nothing is published any more; None before the first publication."""
    seen, entries = current(home), Ledger(home.ledger).entries()
    known = recorded(entries).get(seen.publication_id) if seen else None
    if seen is None or known is None:
        return seen.as_of_date if seen else None
    return chain.day_held(entries, known)


def compared(home: Home) -> Publication | None:
    """Return the publication to compare with: the current one, unless its day was called wrong."""
    seen = current(home)
    return None if seen is None or day_held(home) != seen.as_of_date else seen


def publish(
    home: Home,
    content_hash: str,
    wait_seconds: float = 600,
    progress: Progress = lambda _: None,
    approval: dict[str, Any] | None = None,
) -> Published:
    """Publish a candidate that the gate passed to every target; repeating it changes nothing.

    `progress` is called with the name of each finished step; `approval` is a person's (`approval.Approval`),
    where the gate blocked the candidate. Raise InputError (no such candidate), WarehouseBusy (another
    publisher), GateBlocked (no verdict, a block, or a verdict against another predecessor), ContentChanged
    (the candidate or its verdict changed since the audit), LedgerChanged and LedgerTruncated (the ledger was
    altered), TargetBehind (published, but a further target failed and the next run completes it),
    ThermoclineError (the first target failed; readers see one whole publication and the next run completes
    it).
    """
    return _publishing(
        home,
        f"publishing {content_hash[:12]}",
        wait_seconds,
        progress,
        lambda publisher: publisher.publish(content_hash, approval),
    )


def rollback(
    home: Home,
    publication_id: str,
    wait_seconds: float = 600,
    progress: Progress = lambda _: None,
) -> Published:
    """Restore an earlier publication in every target, whatever its as-of date.

    It becomes a publication of its own, whose `restores` names the earlier one. Outcome restored, or
    unchanged where readers see that content already. Raise InputError (no such publication, or its data were
    pruned), and the errors of `publish` except GateBlocked.
    """
    return _publishing(
        home,
        f"restoring {publication_id}",
        wait_seconds,
        progress,
        lambda publisher: publisher.restore(publication_id),
    )


def return_to(
    home: Home, day: date, wait_seconds: float = 600, progress: Progress = lambda _: None
) -> Published:
    """Take back a publication of a wrong, later day.

    The latest publication of `day` or before is restored. Where none is left, outcome reopened: readers still
    see the wrong one, and the next run of `day` or a later day publishes over it, compared with nothing.
    Outcome unchanged where the current publication isn't of a later day. Raises as `rollback` does.
    """
    return _publishing(
        home,
        f"returning to {day}",
        wait_seconds,
        progress,
        lambda publisher: publisher.return_to(day),
    )


def complete(home: Home, wait_seconds: float = 600) -> list[str]:
    """Bring targets that lack the current publication up to it; return their names.

    The others aren't touched. For runs that publish nothing themselves; raise the errors of `publish` except
    GateBlocked.
    """
    last = next(reversed(completed(recorded(Ledger(home.ledger).entries()).values())), None)
    behind = [target.name for target in targets(home) if last and target.name not in last.done]
    if last and behind:
        _publishing(home, "completing", wait_seconds, lambda _: None, lambda publisher: publisher.complete())
    return behind


def _publishing(
    home: Home,
    what: str,
    wait_seconds: float,
    progress: Progress,
    act: Callable[[Publisher], tuple[str, Recorded]],
) -> Published:
    with home.publishing(what, wait_seconds):
        progress("locked")
        publisher = Publisher(home, targets(home), progress)
        try:
            outcome, publication = act(publisher)
        except (OSError, duckdb.Error) as error:
            raise ThermoclineError(
                f"{what} to {publisher.at} failed ({_first_line(error)}): "
                "readers still see one whole publication; fix the cause and run again"
            ) from error
    with suppress(OSError):
        # A page for people, which the next audit writes too.
        audit_index.refresh(home)
    intent = publication.intent
    if publisher.failed:
        reasons = "; ".join(f"{name} failed ({_first_line(why)})" for name, why in publisher.failed.items())
        raise TargetBehind(
            f"{publication.publication_id} is published, but not in every target: {reasons}: its readers "
            "still see one whole earlier publication; fix the cause and run again, which completes it",
            publication.publication_id,
            intent["content_hash"],
        )
    return Published(
        outcome, publication.publication_id, date.fromisoformat(intent["as_of_date"]), intent["content_hash"]
    )


def record_pruned(home: Home, what: str, rule: str, names: list[str]) -> None:
    """Record in the ledger, and anchor in every target, what is about to be pruned.

    The caller holds `durable.publishing`. Raise LedgerChanged and LedgerTruncated where the ledger was
    altered, ThermoclineError where a target can't be reached; nothing is recorded then.
    """
    publisher = Publisher(home, targets(home), lambda _: None)
    try:
        publisher.check_heads()
        publisher.recover()
        publisher.record("pruned", {"what": what, "rule": rule, "pruned": names})
    except (OSError, duckdb.Error) as error:
        raise ThermoclineError(
            f"{publisher.at} can't be written ({_first_line(error)}), so nothing is pruned: "
            "fix the cause and run again"
        ) from error


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]
