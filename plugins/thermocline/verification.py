"""Verifying: recompute everything from what is stored, and say what isn't as it was written.

Looked at: the ledger's chain; what targets remember of it; the landed copy of every input that an
entry names; each publication that a target keeps (files by SHA-256, and row by row for the current
one, or where a file differs); the candidate of the current publication.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from thermocline import durable
from thermocline.candidate import Candidate
from thermocline.errors import (
    ContentChanged,
    LedgerChanged,
    LedgerTruncated,
    ThermoclineError,
)
from thermocline.home import Home
from thermocline.ledger import Ledger, Recorded, Scan, all_inputs, check_head, recorded
from thermocline.publication import targets
from thermocline.targets import Target

GRAVITY = (LedgerChanged, LedgerTruncated, ContentChanged)
"""Gravest first: a ledger that was changed proves nothing about the rest."""


@dataclass(frozen=True)
class Report:
    """What verifying found; `notes` say what was looked at and what is under way, harmlessly."""

    findings: list[ThermoclineError]
    notes: list[str]

    @property
    def exit_code(self) -> int:
        """0 where nothing is wrong, also while a publication is in progress; else the gravest's."""
        for kind in GRAVITY:
            if any(isinstance(finding, kind) for finding in self.findings):
                return kind.exit_code
        return ThermoclineError.exit_code if self.findings else 0

    def lines(self) -> list[str]:
        """One line per finding, then one per note."""
        return [*(f"{_words(finding)}: {finding}" for finding in self.findings), *self.notes]


def verify(home: Home) -> Report:
    """Check all that the home keeps; a publication may happen meanwhile."""
    findings: list[ThermoclineError] = []
    notes: list[str] = []
    places = targets(home)
    seen = {place.name: (_anchored(place, findings), place.current()) for place in places}
    scan = Ledger(home.ledger).scan()
    publications = recorded(scan.entries)
    findings += [LedgerChanged(f"{home.ledger}: {problem}: restore it from a backup")
                 for problem in scan.problems]
    inputs = all_inputs(scan.entries)
    findings += _landed(home, inputs)
    kept = 0
    for place in places:
        anchored, current = seen[place.name]
        if not scan.problems:
            findings += _heads(home, place, scan, anchored, current, publications)
        for publication_id in place.kept():
            publication = publications.get(publication_id)
            if publication and not publication.abandoned:
                kept += 1
                findings += _published(home, place, publication, publication_id == current)
        if current:
            findings += _listed(home, place, current)
            if current in publications:
                findings += _candidate(home, publications[current])
    notes += _progress(home, scan, publications)
    if not findings:
        notes.insert(0, f"intact: {len(scan.entries)} ledger entries, {len(inputs)} landed files, "
                        f"{kept} publications")
    return Report(findings, notes)


def _words(finding: ThermoclineError) -> str:
    return {ContentChanged: "content changed", LedgerChanged: "ledger changed",
            LedgerTruncated: "ledger truncated"}.get(type(finding), "failed")


def _anchored(place: Target, findings: list[ThermoclineError]) -> tuple[int, str] | None:
    try:
        return place.anchored()
    except LedgerChanged as error:
        findings.append(error)
        return None


def _heads(
    home: Home, place: Target, scan: Scan, anchored: tuple[int, str] | None, current: str | None,
    publications: Mapping[str, Recorded],
) -> Iterator[ThermoclineError]:
    """What the target remembers of the ledger and isn't in it."""
    witness = f"target {place.name}"
    try:
        if anchored:
            check_head(scan.entries, *anchored, witness)
        elif current and len(scan.entries) > 1:
            yield LedgerTruncated(f"{witness} doesn't remember the ledger's head any more: "
                                  "restore it from a backup")
    except (LedgerChanged, LedgerTruncated) as error:
        yield error
    if not current:
        if done := [name for name, publication in publications.items()
                    if place.name in publication.done]:
            yield ContentChanged(f"{witness} leads readers to no publication, {done[-1]} was the "
                                 "last one: publish again, which brings it back")
        return
    if current not in publications:
        yield LedgerTruncated(f"ledger.jsonl doesn't hold publication {current}, which readers of "
                              f"{witness} see: restore ledger.jsonl from a backup")
        return
    done = [name for name, publication in publications.items() if place.name in publication.done]
    if current in done[:-1] and place.current() == current and not durable.is_publishing(home):
        yield ContentChanged(f"{witness} leads readers to publication {current}, though "
                             f"{done[-1]} is the last one: publish again, which leads them there")
    try:
        rows = place.publications(current)
    except duckdb.Error:
        return
    for row in rows:
        publication = publications.get(row["publication_id"])
        if publication is None or publication.intent["hash"] != row["ledger_hash"]:
            kind = LedgerChanged if publication else LedgerTruncated
            yield kind(f"ledger.jsonl doesn't hold the entry {row['ledger_hash'][:12]}… that "
                       f"publication {row['publication_id']} names: restore it from a backup")
        elif place.name not in publication.done and publication.intent != scan.entries[-1]:
            yield LedgerTruncated(f"ledger.jsonl has no done entry of publication "
                                  f"{row['publication_id']}: restore it from a backup")


def _landed(home: Home, inputs: list[dict[str, Any]]) -> Iterator[ThermoclineError]:
    checked: dict[str, str] = {}
    for item in inputs:
        sha256 = item["sha256"]
        if sha256 not in checked:
            checked[sha256] = _landed_problem(home, sha256)
        if checked[sha256]:
            yield ContentChanged(f"{checked[sha256]}, delivered as {item['path']} by "
                                 f"{item['source']}: restore it from a backup, or deliver it again")


def _landed_problem(home: Home, sha256: str) -> str:
    folder = home.landing / sha256[:2]
    copies = sorted(folder.glob(f"{sha256}*"))
    if not copies:
        return f"landed file {folder / sha256} is missing"
    for copy in copies:
        found = durable.file_hash(copy)
        if found != sha256:
            return f"landed file {copy} was changed (SHA-256 now {found})"
    return ""


def _published(
    home: Home, place: Target, publication: Recorded, is_current: bool
) -> Iterator[ThermoclineError]:
    name, done = publication.publication_id, publication.done.get(place.name)
    where = f"publication {name} in target {place.name}"
    expected = {table: held for entry in (publication.intent, done) if entry
                for table, held in entry["tables"].items()}
    try:
        files = place.files(name)
        differ = sorted(file for file in {*files, *done["files"]}
                        if files.get(file) != done["files"].get(file)) if done else []
        if not (is_current or differ):
            return
        found = {table: {"rows": held.rows, "content_hash": held.content,
                         "stored_hash": held.stored} for table, held in place.tables(name).items()}
    except (duckdb.Error, OSError, ThermoclineError) as error:
        if name in _still_kept(home, place):
            yield ContentChanged(f"{where} can't be read ({str(error).splitlines()[0]}): "
                                 "restore it from a backup")
        return
    problems = []
    for table in sorted({*expected, *(found if done else ())}):
        before, now = expected.get(table), found.get(table)
        if before is None or now is None:
            problems.append(f"table {table} of {where} {'was added' if now else 'is missing'}")
        elif before != now:
            problems.append(f"table {table} of {where} was changed: "
                            f"{before['rows']} rows expected, {now['rows']} found")
    if differ and not problems:
        problems.append(f"file {differ[0]} of {where} was changed, though no row of a table was")
    for problem in problems:
        yield ContentChanged(f"{problem}: restore it from a backup")


def _still_kept(home: Home, place: Target) -> list[str]:
    return [] if durable.is_publishing(home) else place.kept()


def _listed(home: Home, place: Target, current: str) -> Iterator[ThermoclineError]:
    """Publications that the current one calls kept and that aren't there."""
    try:
        listed = {str(row["publication_id"]) for row in place.publications(current)}
    except duckdb.Error:
        return
    if place.current() == current and not durable.is_publishing(home):
        for missing in sorted(listed - set(place.kept())):
            yield ContentChanged(f"publication {missing} is missing from target {place.name}: "
                                 "restore it from a backup")


def _candidate(home: Home, publication: Recorded) -> Iterator[ThermoclineError]:
    content_hash = publication.intent["content_hash"]
    try:
        candidate = Candidate.read(home, content_hash)
        problems = list(candidate.problems())
        if problems and Candidate.read(home, content_hash).digest != candidate.digest:
            problems = list(Candidate.read(home, content_hash).problems())
    except ThermoclineError as error:
        problems = [str(error).split(": ")[0]]
    for problem in problems:
        yield ContentChanged(f"{problem}: restore it from a backup, or build it again")


def _progress(
    home: Home, scan: Scan, publications: Mapping[str, Recorded]
) -> Iterator[str]:
    running = durable.is_publishing(home)
    for publication in publications.values():
        if publication.is_open:
            yield (f"publication in progress: {publication.publication_id} was begun and isn't "
                   "recorded as done; " + ("a publisher is at work" if running else
                   "its publisher ended early, and the next one completes or undoes it"))
    if scan.torn:
        yield ("publication in progress: the ledger's last line was never finished; "
               + ("a publisher is at work" if running else "the next publisher cuts it off"))
