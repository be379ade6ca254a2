"""How far a system's deliveries declare that they hold all: what the wait for a day looks at.

It is kept in `landing/covered/<system>`: an ISO date, blank for none, and below it the digest of
the mappings and sources by which it was told. After a change of those it is told anew.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from thermocline import durable
from thermocline.errors import InputError
from thermocline.home import Home
from thermocline.landing import manifest
from thermocline.landing.catalogue import mappings_in_force, sources
from thermocline.landing.standing import comes_only_with_records, delivered
from thermocline.mapping.files import digest


def covered_through(home: Home, system: str) -> date | None:
    """The day through which the landed deliveries of `system` declare that they cover all.

    That is the least, over the feeds with the system's shortest rhythm, of the newest day that
    the feed's deliveries declare covered. Withdrawn deliveries don't count, nor do feeds that
    never delivered, deliver more seldom, come only with records, or have ended by then.
    """
    try:
        day, _, read_by = (home.landing / "covered" / system).read_text().strip("\n").partition("\n")
        through = date.fromisoformat(day) if day else None
    except (FileNotFoundError, ValueError):
        return None
    try:
        is_in_force = read_by == digest(home)
        return through if is_in_force or not manifest.exists(home) else note_covered(home, system)
    except InputError:
        # Somebody is at work on the declarations; landing and loading name what doesn't hold.
        return through


def note_covered(home: Home, system: str) -> date | None:
    """Tell it from what has landed, and keep it."""
    in_force = digest(home)
    through = _least(_covered(home, system))
    mark = home.landing / "covered" / system
    content = f"{through.isoformat() if through else ''}\n{in_force}\n".encode()
    if not mark.is_file() or mark.read_bytes() != content:
        mark.parent.mkdir(exist_ok=True)
        durable.replace(mark, content)
    return through


def _covered(home: Home, system: str) -> list[tuple[date, date | None]]:
    """The newest covered day of each feed that is waited for, and the day on which it ended.

    A delivery can't cover a day that hasn't begun anywhere.
    """
    today = datetime.now(UTC).date() + timedelta(days=1)
    mappings = mappings_in_force(home)
    known = {source.name: dict(source.ended) for source in sources(home)}
    files, deliveries, _ = delivered(home, mappings)
    newest: dict[tuple[str, str], date] = {}
    rhythm: dict[tuple[str, str], float] = {}
    for delivery in deliveries:
        file = files[delivery.file_id]
        is_waited_for = file.source in known and not comes_only_with_records(file, mappings)
        if file.system == system and delivery.covers_on and is_waited_for and delivery.covers_on <= today:
            feed = file.source, file.feed
            newest[feed] = max(newest.get(feed, delivery.covers_on), delivery.covers_on)
            rhythm[feed] = file.expected_every_days or float("inf")
    shortest = min(rhythm.values(), default=None)
    return [
        (day, known[source].get(name))
        for (source, name), day in newest.items()
        if rhythm[source, name] == shortest
    ]


def _least(covered: Iterable[tuple[date, date | None]]) -> date | None:
    """The newest of the days that every feed covers or has ended by."""
    covered = list(covered)
    return max(
        (
            day
            for day, _ in covered
            if all(day <= newest or (ended and ended <= day) for newest, ended in covered)
        ),
        default=None,
    )
