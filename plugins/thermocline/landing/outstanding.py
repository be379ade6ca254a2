"""Which files of a system's places wait to be landed, told by listing them only."""

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
    """How many complete files wait to be landed for `system`, by listing its locations only."""
    known = sources(home)
    waiting = 0
    places = places_of(home, known, system, None)
    if not manifest.exists(home):
        return sum(len(_complete(place, settle_seconds)) for place in places)
    in_force = digest(home)
    with manifest.opened(home) as book:
        gone = gone_copies(home, book)
        for place in places:
            seen = seen_at(book, place, gone)
            for entry in _complete(place, settle_seconds):
                before = seen.get(entry.path)
                waiting += not (before and before.is_of(entry) and before.is_settled(system, in_force))
    return waiting


def is_elsewhere(home: Home, system: str) -> bool:
    """Whether looking for files of `system` asks another machine."""
    return any(not isinstance(place, Folder) for place in places_of(home, sources(home), system, None))


def configured(home: Home, system: str) -> bool:
    """Whether this company has a source of `system`."""
    mappings = load_mappings(home)
    return any(mappings[source.mapping].system == system for source in sources(home))


def places_of(home: Home, known: Iterable[Source], system: str, location: Path | None) -> list[Place]:
    """The folders to look at: the given one, else the sources' own, else the home's exports."""
    if location:
        return [Folder(location.resolve())]
    mappings = load_mappings(home)
    own = [source.place(home) for source in known if mappings[source.mapping].system == system]
    return list(dict.fromkeys(own)) or [Folder(home.exports.resolve())]


def entries_at(place: Place) -> list[Entry]:
    """All data files of a place; none where it isn't there."""
    return place.listing().entries if place.exists() else []


def _complete(place: Place, settle_seconds: float) -> list[Entry]:
    now, rest = time(), settle_seconds * place.patience
    return [entry for entry in entries_at(place) if not entry.is_growing(now, rest)]


def gone_copies(home: Home, book: Manifest) -> set[str]:
    """The landed copies that somebody removed, but not by pruning."""
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


def seen_at(book: Manifest, place: Place, gone: set[str]) -> dict[str, Seen]:
    """What is known of a place's paths; those whose landed copies are gone are as if never seen."""
    lost = book.paths_of(str(place), gone)
    return {path: seen for path, seen in book.seen(str(place)).items() if path not in lost}
