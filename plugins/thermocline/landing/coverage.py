"""The day through which a system's deliveries are complete: the sensor for a day reads it.

It is stored in `landing/covered/<system>`: an ISO date, blank for none, and below it the digest of
the mappings and sources from which it was computed. After a change of those it is computed again.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from thermocline import durable
from thermocline.errors import InputError
from thermocline.home import Home
from thermocline.landing import manifest
from thermocline.landing.catalogue import mappings_in_force, sources
from thermocline.landing.standing import delivered, is_optional_when_empty
from thermocline.mapping.files import digest


def covered_through(home: Home, system: str) -> date | None:
    """Return the day through which the landed deliveries of `system` are declared complete, or None.

    It is the minimum, over the feeds with the system's shortest rhythm, of the newest day that the feed's
    deliveries declare covered. Withdrawn deliveries don't count, nor do feeds that never delivered,
    deliver less often, are optional when empty, or have ended by then.
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
        # The declarations are invalid, perhaps being edited; landing and loading report the error.
        return through


def note_covered(home: Home, system: str) -> date | None:
    """Compute `covered_through` from the landed files, store it and return it."""
    in_force = digest(home)
    through = _least(_covered(home, system))
    mark = home.landing / "covered" / system
    content = f"{through.isoformat() if through else ''}\n{in_force}\n".encode()
    if not mark.is_file() or mark.read_bytes() != content:
        mark.parent.mkdir(exist_ok=True)
        durable.replace(mark, content)
    return through


def _covered(home: Home, system: str) -> list[tuple[date, date | None]]:
    """Return, per feed that is waited for, its newest covered day and the day on which it ended.

    A delivery can't cover a day that hasn't begun in any time zone.
    """
    today = datetime.now(UTC).date() + timedelta(days=1)
    mappings = mappings_in_force(home)
    known = {source.name: dict(source.ended) for source in sources(home)}
    files, deliveries, _ = delivered(home, mappings)
    newest: dict[tuple[str, str], date] = {}
    rhythm: dict[tuple[str, str], float] = {}
    for delivery in deliveries:
        file = files[delivery.file_id]
        is_waited_for = file.source in known and not is_optional_when_empty(file, mappings)
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
    """Return the newest day that every feed covers or has ended by; None without feeds."""
    covered = list(covered)
    return max(
        (
            day
            for day, _ in covered
            if all(day <= newest or (ended and ended <= day) for newest, ended in covered)
        ),
        default=None,
    )
