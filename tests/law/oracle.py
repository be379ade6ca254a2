"""The law, told naively: every day of a stream is simulated, in whole numbers of more than 200 bits.

Nothing here knows the integers, the closed form or the SQL of the project.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal, localcontext
from functools import lru_cache

from law_models import Event, Version

BITS = 240
DAY = timedelta(days=1)


@lru_cache(maxsize=100_000)
def kept(half_life: str, days: int) -> int:
    """The part of heat that is left after some days, times 2^BITS."""
    with localcontext(prec=90):
        return int(Decimal(2) ** (BITS - Decimal(days) / Decimal(half_life)))


def rounded(amount: int) -> int:
    """To a whole number, halves away from zero."""
    half = 1 << (BITS - 1)
    return (amount + half) >> BITS if amount >= 0 else -((-amount + half) >> BITS)


@dataclass
class Body:
    """An account or a group: what each day adds, and from it the heat of any day."""

    version: Version
    added: dict[date, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0] * 5))

    @classmethod
    def of(cls, events: Sequence[Event], version: Version) -> "Body":
        body = cls(version)
        for event in events:
            day = body.added[event.day]
            for dimension, degrees in enumerate(event.degrees):
                day[dimension] += degrees
        return body

    def heat(self, day: date, known_until: date | None = None) -> int:
        """Billionths of a degree at the day's end: the sum of the five rounded dimensions."""
        sums = [0] * 5
        for then, degrees in self.added.items():
            if then <= (known_until or day):
                left = kept(self.version.half_life, (day - then).days)
                sums = [total + each * left for total, each in zip(sums, degrees, strict=True)]
        return sum(map(rounded, sums))

    def is_tied(self, day: date) -> bool:
        """Whether the day's heat is at a threshold by a tie: half a billionth that rounds either way."""
        sums = [0] * 5
        for then, degrees in self.added.items():
            if then <= day:
                left = kept(self.version.half_life, (day - then).days)
                sums = [total + each * left for total, each in zip(sums, degrees, strict=True)]
        heat, whole = sum(map(rounded, sums)), 1 << BITS
        near = min(abs(heat - self.version.hot_at), abs(heat - self.version.cold_at)) <= 5
        return near and any(abs(abs(total) % whole - whole // 2) < whole // 1000 for total in sums)

    def simulate(self, first: date, last: date) -> list[tuple[date, str, str]]:
        """Day, temperature and the cause it would have as a change, of each day."""
        version, temperature, days = self.version, "cold", []
        a_day, sums, day = kept(version.half_life, 1), [0] * 5, min([first, *self.added])
        while day <= last:
            sums = [total and total * a_day >> BITS for total in sums]
            cooled = sum(rounded(total) for total in sums if total)
            if day in self.added:
                sums = [total + (each << BITS) for total, each in zip(sums, self.added[day], strict=True)]
            heat = sum(rounded(total) for total in sums if total) if day in self.added else cooled
            if heat >= version.hot_at:
                temperature = "hot"
            elif heat < version.cold_at:
                temperature = "cold"
            cause = "cooling" if temperature == "cold" and cooled < version.cold_at else "activity"
            if day >= first:
                days.append((day, temperature, cause))
            day += DAY
        return days


def history(
    events: Sequence[Event], versions: Sequence[Version], first: date, as_of: date
) -> list[tuple[int, date, str, str]]:
    """Version, day, temperature and cause of each change, each version ruling in its own time."""
    changes: list[tuple[int, date, str, str]] = []
    for version, successor in zip(versions, [*versions[1:], None], strict=True):
        begins = max(first, version.effective_from)
        ends = min(as_of, successor.effective_from - DAY) if successor else as_of
        if begins > ends:
            continue
        eve = begins - DAY
        days = Body.of(events, version).simulate(eve, ends)
        before = days[0][1]
        for day, temperature, cause in days[1:]:
            flips = temperature != before
            before = temperature
            if not changes:
                changes.append((version.number, day, temperature, "first_seen"))
            elif temperature != changes[-1][2]:
                changes.append((version.number, day, temperature, cause if flips else "scorecard"))
    return changes


def has_a_tie(events: Sequence[Event], versions: Sequence[Version], as_of: date) -> bool:
    """Whether a temperature hangs on the last bit of a power of two, which the law leaves open."""
    first = min(event.day for event in events)
    days = [first + number * DAY for number in range((as_of - first).days + 1)]
    bodies = [Body.of(events, version) for version in versions]
    return any(body.is_tied(day) for body in bodies for day in days)
