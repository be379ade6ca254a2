"""Loading: what has landed comes into schema `raw`, typed, with file and record on every row.

A record goes to its table or to `raw.quarantine`; that, and the money in it, is proven for every
file before anything is committed.
"""

import shutil
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from thermocline.errors import InputError, ThermoclineError
from thermocline.home import Home
from thermocline.sources import manifest
from thermocline.sources.canonical import create_raw
from thermocline.sources.conversion import Conversion, literal
from thermocline.sources.mapping import Mappings, load_mappings
from thermocline.sources.reading import Arrival, stage
from thermocline.sources.recording import insert, record_deliveries

FILES_AT_ONCE = 2000


@dataclass(frozen=True)
class Loaded:
    """What one load did: new files and their records, and files that were only delivered again."""

    files: int = 0
    rows_read: int = 0
    rows_loaded: int = 0
    rows_quarantined: int = 0
    redelivered: int = 0


def load(home: Home, connection: duckdb.DuckDBPyConnection, reporting_time_zone: str) -> Loaded:
    """Load the landed files that the warehouse hasn't got, in one transaction.

    Values without a time zone are taken in their mapping's, by default `reporting_time_zone`.
    Raises InputError for a file whose mapping is gone, ContentChanged for a landed copy that
    isn't whole, ThermoclineError where rows or money don't reconcile; nothing is loaded then.
    """
    create_raw(connection)
    if not manifest.exists(home):
        return Loaded()
    arrivals, deliveries = _landed(home)
    known = _known(connection, arrivals)
    new = [arrival for arrival in arrivals if arrival.file_id not in known]
    again = [a for a in arrivals if a.file_id in known and _moved(a, known[a.file_id])]
    scratch = home.scratch / "loading"
    try:
        return load_files(
            connection, new, load_mappings(home), reporting_time_zone, scratch, again, deliveries
        )
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def load_files(
    connection: duckdb.DuckDBPyConnection,
    new: list[Arrival],
    mappings: Mappings,
    reporting_time_zone: str,
    scratch: Path,
    again: list[Arrival] | None = None,
    deliveries: list[manifest.Delivery] | None = None,
) -> Loaded:
    """Load files into the raw tables, which exist; see `load`."""
    again = again or []
    with _settings(connection):
        staged = [
            part
            for conversion, arrivals in _batches(new, mappings, reporting_time_zone)
            for part in stage(connection, conversion, arrivals, scratch)
        ]
        connection.begin()
        try:
            figures = [insert(connection, part) for part in staged]
            record_deliveries(connection, again, deliveries or [])
            connection.commit()
        except BaseException:
            connection.rollback()
            raise
        finally:
            for part in staged:
                connection.execute(f"drop table if exists {part.table}")
    rows_read, rows_loaded = (sum(figure[n] for figure in figures) for n in (0, 1))
    return Loaded(len(new), rows_read, rows_loaded, rows_read - rows_loaded, len(again))


def _landed(home: Home) -> tuple[list[Arrival], list[manifest.Delivery]]:
    """The landed files, each with the last of its deliveries, and all deliveries."""
    with manifest.opened(home) as book:
        files, deliveries = book.files(), book.deliveries()
    last: dict[int, manifest.Delivery] = {}
    for delivery in deliveries:
        known = last.get(delivery.file_id)
        if known is None or known.delivery_key < delivery.delivery_key:
            last[delivery.file_id] = delivery
    arrivals = [
        Arrival(
            file,
            home.landing / file.landed_as,
            last[file.file_id].source_file,
            last[file.file_id].delivery_key,
            last[file.file_id].covers_on,
        )
        for file in files
    ]
    return arrivals, deliveries


def _known(connection: duckdb.DuckDBPyConnection, arrivals: list[Arrival]) -> dict[int, tuple[Any, ...]]:
    """The loaded files: SHA-256, path, delivery key and covered day by id."""
    known = {
        row[0]: row[1:]
        for row in connection.execute(
            "select file_id, sha256, source_file, delivery_key, covers_on from raw.files"
        ).fetchall()
    }
    landed = {arrival.file_id: arrival.file.sha256 for arrival in arrivals}
    for file_id, (sha256, source_file, *_) in known.items():
        if landed.get(file_id) != sha256:
            raise ThermoclineError(
                f"the warehouse holds {source_file!r} as file {file_id}, which the landing's "
                "manifest doesn't: restore landing/ or remove the warehouse to load all again"
            )
    return known


def _moved(arrival: Arrival, known: tuple[Any, ...]) -> bool:
    return known[1:] != (arrival.source_file, arrival.delivery_key, arrival.covers_on)


def _batches(
    arrivals: list[Arrival], mappings: Mappings, zone: str
) -> Iterator[tuple[Conversion, list[Arrival]]]:
    """Files of one feed with one header together."""
    groups: dict[tuple[str, str, tuple[str, ...]], list[Arrival]] = defaultdict(list)
    for arrival in arrivals:
        file = arrival.file
        groups[file.mapping, file.feed, file.header].append(arrival)
    for (mapping_name, feed_name, header), group in groups.items():
        mapping = mappings.get(mapping_name)
        feed = mapping.feed(feed_name) if mapping else None
        if mapping is None or feed is None:
            raise InputError(
                f"{group[0].source_file!r} landed by the mapping {mapping_name}, feed {feed_name}, "
                "which is gone: declare it again in config/mappings"
            )
        conversion = Conversion.of(mapping, feed, header, zone)
        for start in range(0, len(group), FILES_AT_ONCE):
            yield conversion, group[start : start + FILES_AT_ONCE]


@contextmanager
def _settings(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Rows keep their file's order, and UTC is the zone, whatever the session had."""
    connection.execute("load icu")
    kept = connection.execute(
        "select current_setting('preserve_insertion_order'), current_setting('TimeZone')"
    ).fetchone() or (True, "UTC")
    connection.execute("set preserve_insertion_order = true")
    connection.execute("set TimeZone = 'UTC'")
    try:
        yield
    finally:
        connection.execute(f"set preserve_insertion_order = {str(kept[0]).lower()}")
        connection.execute(f"set TimeZone = {literal(kept[1])}")
