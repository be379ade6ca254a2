"""The landed files in force: those with a delivery that isn't withdrawn."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from thermocline.home import Home
from thermocline.landing import manifest
from thermocline.landing.arrivals import Arrival, Place, Position
from thermocline.landing.catalogue import Source, sources
from thermocline.landing.manifest import Delivery, LandedFile, Manifest
from thermocline.mapping.model import Mappings

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
# A path may name the month that has begun, by which its last day counts.
AHEAD_DAYS = 31


@dataclass(frozen=True)
class Landed:
    """The landed files, each with its last delivery that isn't withdrawn, and all such deliveries.

    `withdrawn` has a row (source, file, delivery key, SHA-256) per withdrawn delivery of a file,
    `ended` one (source, feed, last day) per feed declared ended, `optional_when_empty` one (source,
    feed) per feed that its mapping declares so; `sha256` is of every landed file, by id.
    """

    arrivals: list[Arrival]
    deliveries: list[Delivery]
    withdrawn: list[tuple[str, str, str, str]]
    ended: list[tuple[str, str, date]]
    optional_when_empty: list[tuple[str, str]]
    sha256: dict[int, str]


def place_of(delivery: Delivery, file: LandedFile, mappings: Mappings, reporting_time_zone: str) -> Place:
    """Return the place of a delivered file in the order of deliveries.

    The order is by the day that its path declares, else by the day, in the reporting zone, on which this
    home first saw this content at the path; within a day, by the number of the landing. A declared day
    more than AHEAD_DAYS after that sight is a mistake and is ignored: it would outrank all until then.
    """
    mapping = mappings.get(file.mapping)
    declared = mapping.delivery(delivery.path, file.member) if mapping else None
    seen_on = (delivery.stated_at or EARLIEST).astimezone(ZoneInfo(reporting_time_zone)).date()
    declared_on = declared.declared_on if declared else None
    if declared_on and delivery.stated_at and declared_on - seen_on > timedelta(days=AHEAD_DAYS):
        declared_on = None
    return Place(
        stated_on=declared_on or seen_on,
        landed_in=delivery.landed_in,
        is_dated=declared_on is not None,
        is_keyed=bool(declared and declared.is_keyed),
    )


def standing(home: Home, mappings: Mappings, reporting_time_zone: str = "UTC") -> Landed:
    """Return the landed files that aren't withdrawn, by the mappings and sources in force."""
    files, stand, withdrawn = delivered(home, mappings)
    placed: dict[int, tuple[Position, Delivery, Place]] = {}
    for delivery in stand:
        place = place_of(delivery, files[delivery.file_id], mappings, reporting_time_zone)
        before = placed.get(delivery.file_id)
        if before is None or before[0] <= place.position:
            placed[delivery.file_id] = place.position, delivery, place
    return Landed(
        [
            Arrival(
                files[file_id],
                home.landing / files[file_id].landed_as,
                delivery.source_file,
                delivery.delivery_key,
                delivery.covers_on,
                place,
            )
            for file_id, (_, delivery, place) in sorted(placed.items())
        ],
        stand,
        [
            (files[d.file_id].source, d.source_file, d.delivery_key, files[d.file_id].sha256)
            for d in withdrawn
        ],
        [(source.name, feed, day) for source in sources(home) for feed, day in source.ended],
        sorted({(f.source, f.feed) for f in files.values() if is_optional_when_empty(f, mappings)}),
        {file_id: file.sha256 for file_id, file in files.items()},
    )


def delivered(home: Home, mappings: Mappings) -> tuple[dict[int, LandedFile], list[Delivery], list[Delivery]]:
    """Return the landed files by id, their deliveries in force, and their withdrawn deliveries.

    Mode, expected interval, keys and covered days are those of the mappings in force. Files that they
    exclude by name count as withdrawn.
    """
    known = {source.name: source for source in sources(home)}
    with manifest.opened(home) as book:
        landed = {file.file_id: file for file in book.files()}
        delivered_as = [_by_mapping(d, landed[d.file_id], mappings) for d in book.deliveries()]
        files, deliveries = _fed(book, landed, delivered_as, mappings)
    files = {file_id: _as_declared(file, mappings) for file_id, file in files.items()}
    stand: list[Delivery] = []
    withdrawn: list[Delivery] = []
    for delivery in deliveries:
        file = files[delivery.file_id]
        is_excluded = file.mapping in mappings and mappings[file.mapping].excludes(delivery.source_file)
        is_withdrawn = is_excluded or _is_withdrawn(delivery, file, known)
        (withdrawn if is_withdrawn else stand).append(delivery)
    return files, stand, withdrawn


def _fed(
    book: Manifest, landed: dict[int, LandedFile], deliveries: list[Delivery], mappings: Mappings
) -> tuple[dict[int, LandedFile], list[Delivery]]:
    """Return the files and deliveries per feed, by the mappings in force: one file may be several feeds.

    If a feed reads the file's path, the file counts as one file per path.
    """
    fed: list[tuple[Delivery, tuple[int, str, str] | None]] = []
    for delivery in deliveries:
        file = landed[delivery.file_id]
        mapping = mappings.get(file.mapping)
        own = mapping.feed(file.feed) if mapping else None
        for feed in mapping.feeds_of(own, file.header) if mapping and own else (None,):
            place = delivery.source_file if feed and feed.reads_path else ""
            is_itself = feed is None or (feed is own and not place)
            fed.append((delivery, None if is_itself else (file.file_id, feed.name if feed else "", place)))
    ids = book.share({key for _, key in fed if key})
    files = landed | {
        file_id: replace(landed[of_file], feed=feed, file_id=file_id)
        for (of_file, feed, _), file_id in ids.items()
    }
    return files, [replace(d, file_id=ids[key]) if key else d for d, key in fed]


def _by_mapping(delivery: Delivery, file: LandedFile, mappings: Mappings) -> Delivery:
    """Return the delivery with key and covered day read from the path by the mapping in force."""
    mapping = mappings.get(file.mapping)
    if mapping is None:
        return delivery
    declared = mapping.delivery(delivery.path, file.member)
    return replace(delivery, delivery_key=declared.key, covers_on=declared.covers_on)


def _as_declared(file: LandedFile, mappings: Mappings) -> LandedFile:
    mapping = mappings.get(file.mapping)
    feed = mapping.feed(file.feed) if mapping else None
    return replace(file, mode=feed.mode, expected_every_days=feed.expected_every_days) if feed else file


def is_optional_when_empty(file: LandedFile, mappings: Mappings) -> bool:
    """Return whether the file's feed delivers no file when it has no records."""
    mapping = mappings.get(file.mapping)
    feed = mapping.feed(file.feed) if mapping else None
    return feed is not None and feed.optional_when_empty


def _is_withdrawn(delivery: Delivery, file: LandedFile, known: dict[str, Source]) -> bool:
    source = known.get(file.source)
    names = {delivery.delivery_key, delivery.source_file, file.sha256}
    return source is not None and not names.isdisjoint(source.withdrawn_keys)
