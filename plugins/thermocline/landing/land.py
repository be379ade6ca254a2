"""Landing: new, complete files are copied unmodified, named by their content, and recorded.

The source's files are only read. A killed run leaves at most a temporary file behind: a copy gets
its name when it is whole and on the disk, and is recorded after that.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path
from time import time

from thermocline import durable
from thermocline.errors import InputError
from thermocline.files.content import Unreadable
from thermocline.files.places import Changed, Entry, Listing, Place
from thermocline.files.wording import shown
from thermocline.home import Home
from thermocline.landing import manifest
from thermocline.landing.catalogue import Source, adopt, foreign, mappings_in_force, sources
from thermocline.landing.copying import incoming, remove_abandoned
from thermocline.landing.coverage import note_covered
from thermocline.landing.manifest import Identity, Landed, Manifest
from thermocline.landing.outstanding import (
    SETTLE_SECONDS,
    configured,
    entries_at,
    lost_copies,
    places_of,
    seen_at,
)
from thermocline.landing.parts import Part, named, parts
from thermocline.landing.seen import Seen
from thermocline.mapping.files import digest
from thermocline.mapping.model import Mappings
from thermocline.mapping.recognition import EXCLUDED

COPIERS = 4
RECORDED_AT_ONCE = 200
WARNINGS = 10

Warn = Callable[[str], None]


@dataclass
class Landing:
    """The result of one landing of a system.

    `landed` counts new tables, `bytes` the bytes of their files; an archive or a workbook may have several.
    `already` counts tables whose content had landed before. `waiting` are files that are still growing
    or changed while they were read: the next run lands them. `left_out` has the reason per data file that
    is skipped, wholly or in part, and `ignored` counts files without data. `covered_through` is that of
    `coverage.covered_through`.
    """

    system: str
    landed: int = 0
    bytes: int = 0
    already: int = 0
    waiting: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    ignored: int = 0
    covered_through: date | None = None


@dataclass(frozen=True)
class _Taken:
    """The outcome of one path, and the tables that landed from it."""

    seen: Seen
    landed: list[Landed]


def land(
    home: Home,
    system: str,
    location: Path | None = None,
    warn: Warn = lambda _: None,
    settle_seconds: float = SETTLE_SECONDS,
) -> Landing:
    """Land the new files of `system` from its sources' locations, or from `location` instead.

    A home without sources first adopts them from there. Files changed within the last
    `settle_seconds` are left for the next run. Raise InputError as `adopt` does in a home
    without sources, and for invalid declarations.
    """
    known = sources(home)
    places = places_of(home, known, system, location)
    if not configured(home, system) and any(entries_at(place) for place in places):
        try:
            adopt(home, location or home.exports)
        except InputError:
            if not known:
                raise
    # Read again: the other system's landing may have adopted sources in the meantime.
    known = sources(home)
    mappings = mappings_in_force(home)
    landing = Landing(system)
    remove_abandoned(home)
    with manifest.opened(home) as book:
        for place in places_of(home, known, system, location):
            if not (place.exists() or location or configured(home, system)):
                continue
            _land_from(home, place, known, mappings, book, landing, warn, settle_seconds)
    landing.covered_through = note_covered(home, system)
    return landing


def _land_from(
    home: Home,
    place: Place,
    known: tuple[Source, ...],
    mappings: Mappings,
    book: Manifest,
    landing: Landing,
    warn: Warn,
    settle_seconds: float,
) -> None:
    listing = place.listing()
    lost = lost_copies(home, book)
    seen = seen_at(book, place, lost)
    in_force = digest(home)
    now = time()
    to_warn: list[str] = []
    todo: list[Entry] = []
    for entry in listing.entries:
        before = seen.get(entry.path)
        if before and before.is_of(entry) and before.is_settled(landing.system, in_force):
            landing.already += landing.system in before.landed
            if before.note is not None:
                landing.left_out[entry.path] = before.note
                to_warn += [entry.path] if before.noted_by == landing.system else []
        elif entry.is_growing(now, settle_seconds * place.patience):
            landing.waiting.append(entry.path)
        else:
            todo.append(entry)

    by_mapping = {source.mapping: source for source in known}
    contents = book.contents(but=lost)

    def take(entry: Entry) -> _Taken | None:
        return _take(home, place, entry, by_mapping, mappings, landing.system, in_force, contents)

    with ThreadPoolExecutor(COPIERS) as copiers:
        results = zip(todo, copiers.map(take, todo), strict=True)
        while batch := list(islice(results, RECORDED_AT_ONCE)):
            to_warn += _record(home, place, batch, book, landing)
    _note_listing(landing, listing)
    _warn_of(to_warn, landing, warn)


def _take(
    home: Home,
    place: Place,
    entry: Entry,
    by_mapping: dict[str, Source],
    mappings: Mappings,
    system: str,
    in_force: str,
    contents: set[Identity],
) -> _Taken | None:
    """Land the tables of one path; return None if the next run must look at it again."""

    def outcome(systems: set[str], landed: set[str], note: str | None) -> Seen:
        about = (frozenset(systems), frozenset(landed), note, system, in_force)
        return Seen(entry.path, entry.size, entry.mtime_ns, entry.version, *about)

    try:
        with incoming(home, place) as fetch:
            copy = fetch(entry)
            found = parts(copy.path, entry.path, mappings, copy.scratch)
            systems, mine, note = _sorted_out(found, by_mapping, system)
            landed = []
            if mine:
                files = copy.keep(home, mine, contents)
                deliveries = [
                    part.delivery(mappings[file.mapping]) for file, (part, _) in zip(files, mine, strict=True)
                ]
                landed = [
                    (file, part.name, delivery.key, delivery.covers_on)
                    for file, (part, _), delivery in zip(files, mine, deliveries, strict=True)
                ]
            return _Taken(outcome(systems, {system} if landed else set(), note), landed)
    except (Changed, FileNotFoundError):
        return None
    except PermissionError:
        return _Taken(outcome(set(), set(), "can't be read: allow reading it"), [])
    except Unreadable as error:
        return _Taken(outcome(set(), set(), str(error)), [])


def _sorted_out(
    found: list[Part], by_mapping: dict[str, Source], system: str
) -> tuple[set[str], list[tuple[Part, str]], str | None]:
    """Return the systems with tables in a file, the tables of `system`, and why others are skipped."""
    systems: set[str] = set()
    mine: list[tuple[Part, str]] = []
    refused: list[tuple[Part, str]] = []
    for part in found:
        mapping = part.recognition.mapping
        if part.recognition.excluded_by and len(found) > 1:
            continue
        if mapping is None:
            refused.append((part, part.recognition.describe()))
        elif (source := by_mapping.get(mapping.name)) is None:
            refused.append((part, foreign(part.recognition)))
        else:
            systems.add(mapping.system)
            if mapping.system == system:
                mine.append((part, source.name))
    if not refused:
        return systems, mine, None
    if len(found) == 1:
        return systems, mine, refused[0][1]
    inside = (
        f"{named('', part.member, part.table.name if part.table else '').lstrip('/')!r} {reason}"
        for part, reason in refused
    )
    return systems, mine, f"has parts that aren't taken: {'; '.join(inside)}"


def _record(
    home: Home,
    place: Place,
    batch: list[tuple[Entry, _Taken | None]],
    book: Manifest,
    landing: Landing,
) -> list[str]:
    """Record the outcomes of some paths; return the paths of which something was skipped."""
    landing.waiting += [entry.path for entry, taken in batch if taken is None]
    results = [taken for _, taken in batch if taken]
    landed = [file for taken in results for file, *_ in taken.landed]
    for folder in {(home.landing / file.landed_as).parent for file in landed}:
        if folder.is_dir():
            durable.sync(folder)
    durable.sync(home.landing)
    new = book.add(str(place), [(taken.seen, taken.landed) for taken in results])
    landing.landed += len(new)
    landing.bytes += sum({file.landed_as: file.bytes for file in new}.values())
    landing.already += len(landed) - len(new)
    left_out = {t.seen.path: t.seen.note for t in results if t.seen.note is not None}
    landing.left_out |= left_out
    return list(left_out)


def _note_listing(landing: Landing, listing: Listing) -> None:
    landing.ignored += len(listing.ignored)
    landing.left_out |= listing.left_out


def _warn_of(paths: list[str], landing: Landing, warn: Warn) -> None:
    paths = [path for path in paths if not landing.left_out[path].startswith(EXCLUDED)]
    for path in paths[:WARNINGS]:
        warn(f"{shown(path)} is skipped: it {landing.left_out[path]}")
    if len(paths) > WARNINGS:
        warn(f"{len(paths) - WARNINGS} more files are skipped for such reasons")
