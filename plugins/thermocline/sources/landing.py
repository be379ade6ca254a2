"""Landing: new, complete files are copied unmodified, named by their content, and recorded.

The source's files are only read. A killed run leaves at most a temporary file behind: a copy gets
its name when it is whole and on the disk, and is recorded after that.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path
from time import time

from thermocline import durable
from thermocline.errors import InputError
from thermocline.home import Home
from thermocline.sources import manifest
from thermocline.sources.catalogue import Source, adopt, foreign, sources
from thermocline.sources.content import Unreadable
from thermocline.sources.copying import Changed, copy, remove_abandoned
from thermocline.sources.manifest import (
    LANDED,
    LEFT_OUT,
    RECOGNISED,
    Identity,
    LandedFile,
    Manifest,
    Seen,
)
from thermocline.sources.mapping import Mapping, Mappings
from thermocline.sources.mapping_files import digest, load_mappings
from thermocline.sources.places import Entry, Folder, Listing
from thermocline.sources.recognition import recognise
from thermocline.sources.wording import shown

SETTLE_SECONDS = 2.0
COPIERS = 4
RECORDED_AT_ONCE = 200
WARNINGS = 10

Warn = Callable[[str], None]


@dataclass
class Landing:
    """What one landing of a system did.

    `landed` files and their `bytes` are new; `already` counts paths whose content had landed
    before. `waiting` are files that are still growing or changed while they were read: they are
    left for the next run. `left_out` gives the reason for every data file that isn't taken, and
    `ignored` counts files that are no data. `covered_through` is the system's marker, see
    `covered_through`; `newest_day` the newest day that any of its deliveries declares covered.
    """

    system: str
    landed: int = 0
    bytes: int = 0
    already: int = 0
    waiting: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    ignored: int = 0
    covered_through: date | None = None
    newest_day: date | None = None


@dataclass(frozen=True)
class _Taken:
    """What became of one path; `file`, `key` and `covers_on` where it has landed."""

    seen: Seen
    file: LandedFile | None = None
    key: str = ""
    covers_on: date | None = None


def land(
    home: Home,
    system: str,
    location: Path | None = None,
    warn: Warn = lambda _: None,
    settle_seconds: float = SETTLE_SECONDS,
) -> Landing:
    """Land the new files of `system` from its sources' locations, or from `location` instead.

    A home without sources first adopts them from there. Files changed within the last
    `settle_seconds` are left for the next run. Raises InputError as `adopt` does in a home
    without sources, and for declarations that don't hold.
    """
    known = sources(home)
    places = _places(home, known, system, location)
    if not configured(home, system) and any(_entries(place) for place in places):
        try:
            known = adopt(home, places[0])
        except InputError:
            if not known:
                raise
    mappings = load_mappings(home)
    landing = Landing(system)
    remove_abandoned(home)
    with manifest.opened(home) as book:
        for place in _places(home, known, system, location):
            if not (place.is_dir() or location or configured(home, system)):
                continue
            _land_from(home, place, known, mappings, book, landing, warn, settle_seconds)
        landing.covered_through = book.covered_through(system)
        landing.newest_day = book.newest_day(system)
    _mark_covered(home, system, landing.covered_through)
    return landing


def pending(home: Home, system: str, settle_seconds: float = SETTLE_SECONDS) -> int:
    """How many complete files wait to be landed for `system`, by listing its locations only."""
    known = sources(home)
    waiting = 0
    now = time()
    if not manifest.exists(home):
        listed = (e for place in _places(home, known, system, None) for e in _entries(place))
        return sum(not entry.is_growing(now, settle_seconds) for entry in listed)
    in_force = digest(home)
    with manifest.opened(home) as book:
        for place in _places(home, known, system, None):
            seen = book.seen(place)
            for entry in _entries(place):
                if not entry.is_growing(now, settle_seconds):
                    waiting += not _is_settled(entry, seen.get(entry.path), system, in_force)
    return waiting


def covered_through(home: Home, system: str) -> date | None:
    """The day through which the landed deliveries of `system` declare that they cover all.

    That is the least, over the feeds with the system's shortest rhythm, of the newest day that
    the feed's deliveries declare covered. Feeds that never delivered, or deliver more seldom,
    don't count. It is kept in `landing/covered/<system>`, as an ISO date.
    """
    try:
        return date.fromisoformat((home.landing / "covered" / system).read_text().strip())
    except (FileNotFoundError, ValueError):
        return None


def configured(home: Home, system: str) -> bool:
    """Whether this company has a source of `system`."""
    mappings = load_mappings(home)
    return any(mappings[source.mapping].system == system for source in sources(home))


def _places(home: Home, known: Iterable[Source], system: str, location: Path | None) -> list[Path]:
    """The folders to look at: the given one, else the sources' own, else the home's exports."""
    if location:
        return [location.resolve()]
    mappings = load_mappings(home)
    own = [s.location.resolve() for s in known if mappings[s.mapping].system == system]
    return list(dict.fromkeys(own)) or [home.exports.resolve()]


def _entries(place: Path) -> list[Entry]:
    return Folder(place).listing().entries if place.is_dir() else []


def _is_settled(entry: Entry, seen: Seen | None, system: str, in_force: str) -> bool:
    """Whether nothing is left to do for a path: it is as it was seen, and was dealt with."""
    if seen is None or (seen.size, seen.mtime_ns) != (entry.size, entry.mtime_ns):
        return False
    if seen.state == LANDED:
        return True
    return seen.digest == in_force and (seen.state == LEFT_OUT or seen.system != system)


def _land_from(
    home: Home,
    place: Path,
    known: tuple[Source, ...],
    mappings: Mappings,
    book: Manifest,
    landing: Landing,
    warn: Warn,
    settle_seconds: float,
) -> None:
    folder = Folder(place)
    listing = folder.listing()
    seen = book.seen(place)
    in_force = digest(home)
    now = time()
    to_warn: list[str] = []
    todo: list[Entry] = []
    for entry in listing.entries:
        before = seen.get(entry.path)
        if before and _is_settled(entry, before, landing.system, in_force):
            landing.already += before.state == LANDED and before.system == landing.system
            if before.state == LEFT_OUT:
                landing.left_out[entry.path] = before.note or ""
                to_warn += [entry.path] if before.system == landing.system else []
        elif entry.is_growing(now, settle_seconds):
            landing.waiting.append(entry.path)
        else:
            todo.append(entry)

    by_mapping = {source.mapping: source for source in known}
    contents = book.contents()

    def take(entry: Entry) -> _Taken | None:
        return _take(home, folder, entry, by_mapping, mappings, landing.system, in_force, contents)

    with ThreadPoolExecutor(COPIERS) as copiers:
        results = zip(todo, copiers.map(take, todo), strict=True)
        while batch := list(islice(results, RECORDED_AT_ONCE)):
            to_warn += _record(home, place, batch, book, landing)
    _note_listing(landing, listing)
    _warn_of(to_warn, landing, warn)


def _take(
    home: Home,
    folder: Folder,
    entry: Entry,
    by_mapping: dict[str, Source],
    mappings: Mappings,
    system: str,
    in_force: str,
    contents: set[Identity],
) -> _Taken | None:
    """Deal with one path; None where it must be looked at again."""

    def became(state: str, owner: str, note: str | None = None) -> Seen:
        return Seen(entry.path, entry.size, entry.mtime_ns, state, owner, note, in_force)

    try:
        recognition = recognise(folder.local(entry), mappings, entry.path)
        if recognition.mapping is None or recognition.feed is None:
            return _Taken(became(LEFT_OUT, system, recognition.describe()))
        mapping: Mapping = recognition.mapping
        source = by_mapping.get(mapping.name)
        if source is None:
            return _Taken(became(LEFT_OUT, system, foreign(recognition)))
        if mapping.system != system:
            return _Taken(became(RECOGNISED, mapping.system))
        key, covers_on = mapping.delivery(entry.path)
        file = copy(home, folder, entry, source.name, recognition, key, contents)
    except (Changed, FileNotFoundError):
        return None
    except PermissionError:
        return _Taken(became(LEFT_OUT, system, "can't be read: allow reading it"))
    except Unreadable as error:
        return _Taken(became(LEFT_OUT, system, str(error)))
    return _Taken(became(LANDED, system), file, key, covers_on)


def _record(
    home: Home,
    place: Path,
    batch: list[tuple[Entry, _Taken | None]],
    book: Manifest,
    landing: Landing,
) -> list[str]:
    """Record what became of some paths; returns those that were left out."""
    landing.waiting += [entry.path for entry, taken in batch if taken is None]
    results = [taken for _, taken in batch if taken]
    landed = [(t.file, t.seen, t.key, t.covers_on) for t in results if t.file]
    for folder in {(home.landing / file.landed_as).parent for file, *_ in landed}:
        if folder.is_dir():
            durable.sync(folder)
    durable.sync(home.landing)
    new = book.add(place, landed)
    landing.landed += len(new)
    landing.bytes += sum(file.bytes for file in new)
    landing.already += len(landed) - len(new)
    book.note(place, [taken.seen for taken in results if not taken.file])
    left_out = {t.seen.path: t.seen.note or "" for t in results if t.seen.state == LEFT_OUT}
    landing.left_out |= left_out
    return list(left_out)


def _note_listing(landing: Landing, listing: Listing) -> None:
    landing.ignored += len(listing.ignored)
    landing.left_out |= dict.fromkeys(listing.links, "is a link; links aren't followed")


def _warn_of(paths: list[str], landing: Landing, warn: Warn) -> None:
    for path in paths[:WARNINGS]:
        warn(f"{shown(path)} is left out: it {landing.left_out[path]}")
    if len(paths) > WARNINGS:
        warn(f"{len(paths) - WARNINGS} more files are left out for such reasons")


def _mark_covered(home: Home, system: str, through: date | None) -> None:
    if through and through != covered_through(home, system):
        (home.landing / "covered").mkdir(exist_ok=True)
        durable.replace(home.landing / "covered" / system, f"{through.isoformat()}\n".encode())
