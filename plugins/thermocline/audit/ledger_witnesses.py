"""Compare what targets stored of the ledger with the ledger: each target is a witness that it is whole."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import duckdb

from thermocline.errors import LedgerChanged, LedgerTruncated, ThermoclineError
from thermocline.home import Home
from thermocline.ledger.chain import Recorded, Scan, check_head
from thermocline.publishing.targets import Target
from thermocline.publishing.targets.duckdb_file import DuckDBFile
from thermocline.terminal import plain


@dataclass(frozen=True)
class Seen:
    """What a target reports of itself, read before the ledger, which is always ahead of it."""

    target: Target
    current: str | None
    anchored: tuple[int, str] | None
    listed: list[dict[str, Any]]
    """The rows of table `publication`; empty if unreadable, which comparing the tables reports."""

    def __str__(self) -> str:
        return f"target {self.target.name}"


def look(target: Target, findings: list[ThermoclineError]) -> Seen:
    """Read a target's state before the ledger is read; append problems to the findings."""
    current, anchored, listed = target.current(), None, []
    try:
        anchored = target.anchored()
    except LedgerChanged as error:
        findings.append(error)
    if current:
        with suppress(duckdb.Error, OSError):
            listed = target.publications(current)
    return Seen(target, current, anchored, listed)


def heads(place: Seen, scan: Scan, publications: Mapping[str, Recorded]) -> Iterator[ThermoclineError]:
    """Yield an error per entry that the target names and the ledger lacks."""
    if place.anchored:
        try:
            check_head(scan.entries, *place.anchored, str(place))
        except (LedgerChanged, LedgerTruncated) as error:
            yield error
    elif place.current and len(scan.entries) > 1:
        yield LedgerTruncated(
            f"{place} doesn't remember the ledger's head any more: restore it from a backup"
        )
    if place.current and place.current not in publications:
        yield LedgerTruncated(
            f"ledger.jsonl doesn't hold publication {place.current}, which "
            f"readers of {place} see: restore ledger.jsonl from a backup"
        )
    # Readers of the last one may have been led to it an instant before its done entry.
    latest = list(publications.values())[-1:]
    for row in place.listed:
        name = row["publication_id"]
        publication = publications.get(name)
        if publication is None or publication.intent["hash"] != row["ledger_hash"]:
            kind = LedgerChanged if publication else LedgerTruncated
            yield kind(
                f"ledger.jsonl doesn't hold the entry {str(row['ledger_hash'])[:12]}… that "
                f"publication {plain(name)} names: restore ledger.jsonl from a backup"
            )
        elif place.target.name not in publication.done and publication not in latest:
            yield LedgerTruncated(
                f"ledger.jsonl has no done entry of publication {plain(name)}: "
                "restore ledger.jsonl from a backup"
            )


def ahead(home: Home, place: Seen, scan: Scan) -> Iterator[LedgerChanged]:
    """Yield an error if two or more entries follow the stored head: a killed publisher leaves one."""
    if not isinstance(place.target, DuckDBFile) or place.anchored is None:
        return
    beyond = len(scan.entries) - place.anchored[0]
    if beyond < 2 or home.is_publishing():
        return
    with suppress(LedgerChanged, OSError):
        if place.target.anchored() == place.anchored:
            yield LedgerChanged(
                f"{home.ledger}: {beyond} entries follow entry {place.anchored[0]}, the last that {place} "
                "names, and no publisher wrote them: restore ledger.jsonl from a backup; if the target was "
                "put back from an older one, publish again"
            )
