"""Loading: what has landed comes into schema `raw`, typed, with file and record on every row.

A record goes to its table or to `raw.quarantine`; that, and the money in it, is proven for every
file before anything is committed.
"""

import shutil
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from thermocline.errors import InputError, ThermoclineError
from thermocline.files.formats import DELIMITED, PARQUET
from thermocline.home import Home
from thermocline.landing import manifest
from thermocline.landing.arrivals import Arrival
from thermocline.landing.catalogue import mappings_in_force
from thermocline.landing.pruned_copies import refuse_pruned
from thermocline.landing.standing import Landed, standing
from thermocline.loading.conversion import Conversion
from thermocline.loading.reading import Staged, check_whole, stage, stage_columnar, unpacked
from thermocline.loading.recording import Figures, insert, record_deliveries, remove
from thermocline.loading.scanning import Unscannable, scan, unreadable
from thermocline.mapping.canonical import create_raw
from thermocline.mapping.model import Feed, Mappings
from thermocline.sql import literal

FILES_AT_ONCE = 2000


@dataclass(frozen=True)
class Loaded:
    """What one load did: new files and their records, and files that were only delivered again.

    `rows_excluded` are records that mappings leave out on purpose. `reloaded` counts files that
    had been loaded under another mapping or time zone, `withdrawn` those taken out again.
    """

    files: int = 0
    rows_read: int = 0
    rows_loaded: int = 0
    rows_quarantined: int = 0
    rows_excluded: int = 0
    redelivered: int = 0
    reloaded: int = 0
    withdrawn: int = 0


def load(home: Home, connection: duckdb.DuckDBPyConnection, reporting_time_zone: str) -> Loaded:
    """Load the landed files that the warehouse hasn't got, in one transaction.

    Files that it holds under a mapping or time zone no longer in force are loaded anew; those of
    withdrawn deliveries are taken out. Values without a time zone are taken in their mapping's,
    by default `reporting_time_zone`.
    Raises InputError for a file that was pruned or whose mapping is gone, ContentChanged for a landed
    copy that isn't whole, ThermoclineError where rows or money don't reconcile; nothing is loaded then.
    """
    create_raw(connection)
    if not manifest.exists(home):
        return Loaded()
    mappings = mappings_in_force(home)
    landed = standing(home, mappings, reporting_time_zone)
    known = _known(connection, landed)
    digests = _digests(mappings, reporting_time_zone)
    stale = {
        arrival.file_id
        for arrival in landed.arrivals
        if arrival.file_id in known
        and digests.get((arrival.file.mapping, arrival.file.feed)) not in (None, known[arrival.file_id][0])
    }
    withdrawn = set(known) - {arrival.file_id for arrival in landed.arrivals}
    new = [a for a in landed.arrivals if a.file_id not in known or a.file_id in stale]
    again = [a for a in landed.arrivals if a.file_id in known and a.file_id not in stale and _moved(a, known)]
    refuse_pruned(home, new)
    scratch = home.scratch / "loading"
    try:
        loaded = load_files(
            connection, new, mappings, reporting_time_zone, scratch, again, landed, stale | withdrawn
        )
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return replace(loaded, files=len(new) - len(stale), reloaded=len(stale), withdrawn=len(withdrawn))


def load_files(
    connection: duckdb.DuckDBPyConnection,
    new: list[Arrival],
    mappings: Mappings,
    reporting_time_zone: str,
    scratch: Path,
    again: list[Arrival] | None = None,
    landed: Landed | None = None,
    outdated: set[int] | None = None,
) -> Loaded:
    """Load files into the raw tables, which exist, without the `outdated` ones; see `load`."""
    again = again or []
    careful: set[int] = set()
    with _settings(connection):
        batches = list(_batches(new, mappings, reporting_time_zone))
        while True:
            connection.execute("set TimeZone = 'UTC'")
            connection.begin()
            try:
                remove(connection, outdated or set())
                figures = [
                    figure
                    for conversion, arrivals in batches
                    for figure in _insert(connection, conversion, arrivals, scratch, careful)
                ]
                if landed:
                    record_deliveries(connection, again, landed)
                connection.commit()
                break
            except Unscannable as failure:
                connection.rollback()
                careful |= unreadable(connection, failure, scratch)
            except BaseException:
                connection.rollback()
                raise
    read, loaded, left = (sum(figure[n] for figure in figures) for n in (0, 1, 2))
    return Loaded(len(new), read, loaded, read - loaded - left, left, len(again))


def _insert(
    connection: duckdb.DuckDBPyConnection,
    conversion: Conversion,
    arrivals: list[Arrival],
    scratch: Path,
    careful: set[int],
) -> Iterator[Figures]:
    """Load files of one feed and header; how many records of some of them were read and loaded.

    Raises Unscannable for files to be added to the `careful` ones; the transaction is lost then.
    """
    for arrival in arrivals:
        check_whole(arrival)
    columnar, scannable, doubtful = [], [], []
    for arrival in (unpacked(arrival, scratch) for arrival in arrivals):
        is_careful = not arrival.file.is_regular or arrival.file_id in careful
        if arrival.file.format == PARQUET and not is_careful:
            columnar.append(arrival)
        elif arrival.file.format == DELIMITED and not is_careful:
            scannable.append(arrival)
        else:
            doubtful.append(arrival)
    for staged, unsure in scan(connection, conversion, scannable, scratch):
        doubtful += unsure
        yield _recorded(connection, staged)
    if columnar:
        yield _recorded(connection, stage_columnar(connection, conversion, columnar))
    if doubtful:
        yield _recorded(connection, stage(connection, conversion, doubtful, scratch))


def _recorded(connection: duckdb.DuckDBPyConnection, staged: Staged) -> Figures:
    figures = insert(connection, staged)
    connection.execute(f"drop table {staged.table}")
    return figures


def _known(connection: duckdb.DuckDBPyConnection, landed: Landed) -> dict[int, tuple[Any, ...]]:
    """The loaded files by id: digest of the conversion, path, delivery key and covered day."""
    known = {
        row[0]: row[1:]
        for row in connection.execute(
            "select file_id, sha256, conversion, source_file, delivery_key, covers_on, stated_on, landed_in, "
            "is_dated, is_keyed from raw.files"
        ).fetchall()
    }
    for file_id, (sha256, _, source_file, *_) in known.items():
        if landed.sha256.get(file_id) != sha256:
            raise ThermoclineError(
                f"the warehouse holds {source_file!r} as file {file_id}, which the landing's "
                "manifest doesn't: restore landing/ or remove the warehouse to load all again"
            )
    return {file_id: row[1:] for file_id, row in known.items()}


def _digests(mappings: Mappings, zone: str) -> dict[tuple[str, str], str]:
    """The digest in force of each mapping's feeds."""
    return {
        (mapping.name, feed.name): mapping.digest(feed, zone)
        for mapping in mappings.values()
        for feed in mapping.feeds
    }


def _moved(arrival: Arrival, known: dict[int, tuple[Any, ...]]) -> bool:
    delivered = (arrival.source_file, arrival.delivery_key, arrival.covers_on, *astuple(arrival.place))
    return known[arrival.file_id][1:] != delivered


def _batches(
    arrivals: list[Arrival], mappings: Mappings, zone: str
) -> Iterator[tuple[Conversion, list[Arrival]]]:
    """Files of one feed with one header together, those that get the same from path and sheet."""
    groups: dict[tuple[str, Feed, tuple[str, ...]], list[Arrival]] = defaultdict(list)
    for arrival in arrivals:
        file = arrival.file
        mapping = mappings.get(file.mapping)
        feed = mapping.feed(file.feed) if mapping else None
        if mapping is None or feed is None:
            raise InputError(
                f"{arrival.source_file!r} landed by the mapping {file.mapping}, feed {file.feed}, "
                "which is gone: declare it again in config/mappings"
            )
        path = arrival.source_file.removesuffix(f"#{file.part}")
        groups[mapping.name, feed.located(path, file.part), file.header].append(arrival)
    for (mapping_name, feed, header), group in groups.items():
        mapping = mappings[mapping_name]
        digest = mapping.digest(mapping.feed(feed.name) or feed, zone)
        conversion = replace(Conversion.of(mapping, feed, header, zone), digest=digest)
        for start in range(0, len(group), FILES_AT_ONCE):
            yield conversion, group[start : start + FILES_AT_ONCE]


@contextmanager
def _settings(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Rows may be written in any order, and UTC is the zone, whatever the session had."""
    connection.execute("load icu")
    kept = connection.execute(
        "select current_setting('preserve_insertion_order'), current_setting('TimeZone')"
    ).fetchone() or (True, "UTC")
    connection.execute("set preserve_insertion_order = false")
    try:
        yield
    finally:
        connection.execute(f"set preserve_insertion_order = {str(kept[0]).lower()}")
        connection.execute(f"set TimeZone = {literal(kept[1])}")
