"""Verification: recompute everything from what is stored, and report what was changed.

Checked: the ledger's chain; what targets stored of it; the landed copy of every input and the
records of every build and audit that an entry names; each publication that a target keeps (files by
SHA-256, and row by row for the current one, or where a file differs); the candidate of the current
publication.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import duckdb

from thermocline.audit import landed_copies, ledger_witnesses
from thermocline.audit.ledger_witnesses import Seen
from thermocline.candidates.candidate import Candidate
from thermocline.errors import ContentChanged, LedgerChanged, LedgerTruncated, ThermoclineError, WarehouseBusy
from thermocline.home import Home
from thermocline.ledger import records as kept_records
from thermocline.ledger.chain import Ledger, Recorded, Scan, all_inputs, completed, contradictions, recorded
from thermocline.ledger.pruned import pruned
from thermocline.publishing.intents import table_entry
from thermocline.publishing.publication import targets
from thermocline.publishing.targets import Target
from thermocline.terminal import plain

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
        """Return one line per finding, then one per note."""
        return [*(f"{_words(finding)}: {finding}" for finding in self.findings), *self.notes]


def verify(home: Home) -> Report:
    """Check all that the home keeps; a publication may happen meanwhile."""
    findings: list[ThermoclineError] = []
    places = list(_reached(home, findings))
    scan = Ledger(home.ledger).scan()
    publications = recorded(scan.entries)
    inputs = all_inputs(scan.entries)
    findings += [
        LedgerChanged(f"{home.ledger}: {problem}: restore it from a backup")
        for problem in (*scan.problems, *contradictions(publications.values()))
    ]
    known = pruned(scan.entries)
    findings += landed_copies.changed(home, inputs, known)
    records = kept_records.named(scan.entries)
    findings += kept_records.problems(home, records)
    kept = 0
    for place in places:
        if not scan.problems:
            findings += ledger_witnesses.heads(place, scan, publications)
            findings += ledger_witnesses.ahead(home, place, scan)
        try:
            findings += _pointer(home, place, publications)
            for name in place.target.kept():
                publication = publications.get(name)
                if publication and not publication.abandoned:
                    kept += 1
                    findings += _published(home, place, publication)
        except (OSError, duckdb.Error) as error:
            findings.append(_unreached(place.target, error))
    for current in {place.current for place in places} & set(publications):
        findings += _candidate(home, publications[str(current)])
    notes = [*landed_copies.left_out(home, inputs, known), *_progress(home, scan, publications)]
    if not findings:
        notes.insert(
            0,
            f"intact: {len(scan.entries)} ledger entries, {len(inputs)} landed files, "
            f"{kept} publications, {len(records)} records",
        )
    return Report(findings, notes)


def _words(finding: ThermoclineError) -> str:
    return {
        ContentChanged: "content changed",
        LedgerChanged: "ledger changed",
        LedgerTruncated: "ledger truncated",
    }.get(type(finding), "failed")


def _reached(home: Home, findings: list[ThermoclineError]) -> Iterator[Seen]:
    for target in targets(home):
        try:
            yield ledger_witnesses.look(target, findings)
        except (OSError, duckdb.Error) as error:
            findings.append(_unreached(target, error))


def _unreached(target: Target, error: Exception) -> ThermoclineError:
    return ThermoclineError(
        f"target {target.name} can't be verified ({str(error).splitlines()[0]}): "
        "fix the cause and verify again"
    )


def _pointer(home: Home, place: Seen, publications: Mapping[str, Recorded]) -> Iterator[ThermoclineError]:
    """Yield an error where readers' link is broken, or a publication that is listed as kept is missing."""
    if home.is_publishing() or place.target.current() != place.current:
        return
    done = [name for name, each in publications.items() if place.target.name in each.done]
    if done and place.current in (None, *done[:-1]):
        yield ContentChanged(
            f"{place} leads readers to {place.current or 'no publication'}, and "
            f"{done[-1]} is the last one: publish again, which leads them there"
        )
    kept = place.target.kept()
    for row in place.listed:
        if row["publication_id"] not in kept:
            yield ContentChanged(
                f"publication {row['publication_id']} is missing from {place}: restore it from a backup"
            )


def _published(home: Home, place: Seen, publication: Recorded) -> Iterator[ThermoclineError]:
    """Check one publication file by file; the current one and changed ones row by row."""
    target, name = place.target, publication.publication_id
    done, where = publication.done.get(target.name), f"publication {name} in {place}"
    expected = {
        table: held
        for entry in (publication.intent, done)
        if entry
        for table, held in entry["tables"].items()
    }
    try:
        files = target.files(name)
        differ = (
            sorted(file for file in {*files, *done["files"]} if files.get(file) != done["files"].get(file))
            if done
            else []
        )
        if name != place.current and not differ:
            return
        if not target.is_exact:
            for file in differ:
                yield ContentChanged(f"file {file} of {where} was changed: restore it from a backup")
            return
        found = {table: table_entry(held) for table, held in target.tables(name).items()}
    except WarehouseBusy:
        raise
    except (duckdb.Error, OSError, ThermoclineError) as error:
        if home.is_publishing() and name not in target.kept():
            return
        yield ContentChanged(
            f"{where} can't be read ({str(error).splitlines()[0]}): restore it from a backup"
        )
        return
    problems = []
    for table in sorted({*expected, *(found if done else ())}):
        before, now = expected.get(table), found.get(table)
        if before is None or now is None:
            problems.append(f"table {plain(table)} of {where} {'was added' if now else 'is missing'}")
        elif before != now:
            problems.append(
                f"table {table} of {where} was changed: {before['rows']} rows expected, {now['rows']} found"
            )
    if differ and not problems:
        problems.append(f"file {differ[0]} of {where} was changed, though no row of a table was")
    for problem in problems:
        yield ContentChanged(f"{problem}: restore it from a backup")


def _candidate(home: Home, publication: Recorded) -> Iterator[ThermoclineError]:
    """Check the candidate that the ledger names file by file; in another packaging, row by row."""
    content_hash = publication.intent["content_hash"]
    try:
        candidate = Candidate.read(home, content_hash)
        problems = list(candidate.problems(candidate.digest != publication.intent["candidate"]))
        if problems and Candidate.read(home, content_hash).digest != candidate.digest:
            problems = list(Candidate.read(home, content_hash).problems())
    except ThermoclineError as error:
        problems = [str(error).split(": ")[0]]
    for problem in problems:
        yield ContentChanged(f"{problem}: restore it from a backup, or build it again")


def _progress(home: Home, scan: Scan, publications: Mapping[str, Recorded]) -> Iterator[str]:
    running = home.is_publishing()
    for publication in publications.values():
        if publication.is_open:
            yield (
                f"publication in progress: {publication.publication_id} was begun and isn't "
                "recorded as done; "
                + (
                    "a publisher is at work"
                    if running
                    else "its publisher ended early, and the next one completes or undoes it"
                )
            )
    last = next(reversed(completed(publications.values())), None)
    for target in targets(home) if last and not running else ():
        if last and target.name not in last.done:
            yield f"target {target.name} hasn't got {last.publication_id} yet: the next run completes it"
    if scan.torn:
        yield (
            "publication in progress: the ledger's last line was never finished; "
            + ("a publisher is at work" if running else "the next publisher cuts it off")
        )
