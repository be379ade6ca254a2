"""Which files of a system's places wait to be landed, found by listing them only."""

from collections.abc import Iterable
from pathlib import Path
from time import time

from thermocline.files.places import Entry, Folder, Place
from thermocline.home import Home
from thermocline.landing import manifest
from thermocline.landing.catalogue import Source, sources
from thermocline.landing.manifest import Manifest
from thermocline.landing.seen import Seen
from thermocline.ledger.chain import Ledger
from thermocline.ledger.pruned import pruned
from thermocline.mapping.files import digest, load_mappings

SETTLE_SECONDS = 2.0


def pending(home: Home, system: str, settle_seconds: float = SETTLE_SECONDS) -> int:
    """Return how many complete files of `system` wait to be landed, by listing its locations only."""
    known = sources(home)
    waiting = 0
    places = places_of(home, known, system, None)
    if not manifest.exists(home):
        return sum(len(_complete(place, settle_seconds)) for place in places)
    in_force = digest(home)
    with manifest.opened(home) as book:
        lost = lost_copies(home, book)
        for place in places:
            seen = seen_at(book, place, lost)
            for entry in _complete(place, settle_seconds):
                before = seen.get(entry.path)
                waiting += not (before and before.is_of(entry) and before.is_settled(system, in_force))
    return waiting


def is_elsewhere(home: Home, system: str) -> bool:
    """Return whether any location of `system` is on another machine."""
    return any(not isinstance(place, Folder) for place in places_of(home, sources(home), system, None))


def configured(home: Home, system: str) -> bool:
    """Return whether this company has a source of `system`."""
    mappings = load_mappings(home)
    return any(mappings[source.mapping].system == system for source in sources(home))


def places_of(home: Home, known: Iterable[Source], system: str, location: Path | None) -> list[Place]:
    """Return the places to list: `location` if given, else the sources' own, else the home's exports."""
    if location:
        return [Folder(location.resolve())]
    mappings = load_mappings(home)
    own = [source.place(home) for source in known if mappings[source.mapping].system == system]
    return list(dict.fromkeys(own)) or [Folder(home.exports.resolve())]


def entries_at(place: Place) -> list[Entry]:
    """Return all data files of a place; none if it doesn't exist."""
    return place.listing().entries if place.exists() else []


def _complete(place: Place, settle_seconds: float) -> list[Entry]:
    now, rest = time(), settle_seconds * place.patience
    return [entry for entry in entries_at(place) if not entry.is_growing(now, rest)]


def lost_copies(home: Home, book: Manifest) -> set[str]:
    """Return the landed copies that are missing, except pruned ones."""
    there = {
        f"{folder.name}/{file.name}"
        for folder in home.landing.glob("[0-9a-f][0-9a-f]")
        for file in folder.iterdir()
    }
    missing = book.landed_as() - there
    if not missing:
        return missing
    known = pruned(Ledger(home.ledger).scan().entries).landing
    return {name for name in missing if Path(name).name[:64] not in known}


def seen_at(book: Manifest, place: Place, lost: set[str]) -> dict[str, Seen]:
    """Return the recorded outcome by path; paths whose landed copies are lost count as never seen."""
    affected = book.paths_of(str(place), lost)
    return {path: seen for path, seen in book.seen(str(place)).items() if path not in affected}
