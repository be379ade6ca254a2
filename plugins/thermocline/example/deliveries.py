"""When the two systems deliver, and which delivery holds which state of a record."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

DAILY_DELIVERIES = 7
NEVER = -(10**6)


def stream(seed: int, purpose: str) -> np.random.Generator:
    """Return a generator of its own for each purpose, so that one part's draws don't shift another's."""
    sequence = np.random.SeedSequence([seed, crc32(purpose.encode())])
    return np.random.Generator(np.random.PCG64(sequence))


@dataclass(frozen=True)
class Calendar:
    """The window `first_day`..`ends_on`, cut into deliveries.

    Days are counted from `first_day` (0); `ends` has the last day of each delivery: the ends of
    the calendar months and the eve of the last week, then each of the last seven days.
    """

    first_day: date
    ends_on: date
    ends: Array

    @classmethod
    def of(cls, days: int, ends_on: date) -> "Calendar":
        first_day = ends_on - timedelta(days=days - 1)
        dates = [first_day + timedelta(days=day) for day in range(days)]
        daily_from = days - DAILY_DELIVERIES
        ends = [
            day for day, on in enumerate(dates) if day >= daily_from - 1 or (on + timedelta(days=1)).day == 1
        ]
        return cls(first_day, ends_on, np.array(ends, dtype=np.int64))

    @property
    def days(self) -> int:
        return int(self.ends[-1]) + 1

    @property
    def deliveries(self) -> int:
        return len(self.ends)

    @property
    def historic(self) -> int:
        """How many deliveries come before the daily ones."""
        return self.deliveries - DAILY_DELIVERIES

    @property
    def folders(self) -> list[str]:
        return [str(self.first_day + timedelta(days=int(end))) for end in self.ends]

    def delivery_of(self, day: Array) -> Array:
        """Return the delivery that covers each day; the first for earlier, the last for later days."""
        return np.minimum(np.searchsorted(self.ends, day), self.deliveries - 1)

    def moment(self, day: Array, second: Array | int) -> Array:
        """Return UTC or local wall-clock moments, as datetime64[s]."""
        midnight = (np.datetime64(self.first_day) + day.astype(np.int64)).astype("datetime64[s]")
        return midnight + np.asarray(second).astype("timedelta64[s]")

    def year(self, day: Array) -> Array:
        years = (np.datetime64(self.first_day) + day.astype(np.int64)).astype("datetime64[Y]")
        return years.astype(np.int64) + 1970

    def workday(self, day: Array) -> Array:
        """Return the same day, or the Friday before a weekend where the window still holds it."""
        weekday = (day + self.first_day.weekday()) % 7
        friday = day - np.maximum(weekday - 4, 0)
        return np.where(friday >= 0, friday, day)


@dataclass(frozen=True)
class Versions:
    """Deliveries of records: one row per record and delivery, ordered by delivery, then record.

    `shows_change` tells whether the record appears as it is after its change.
    """

    record: Array
    delivery: Array
    shows_change: Array

    @classmethod
    def of(cls, calendar: Calendar, born: Array, changed: Array) -> "Versions":
        """Return each record when born and again when changed (NEVER: not), unless in one delivery."""
        return cls.delivered(calendar.delivery_of(born), calendar, changed)

    @classmethod
    def delivered(cls, first: Array, calendar: Calendar, changed: Array) -> "Versions":
        """Return versions as `of` does, where the number of each record's first delivery is given."""
        has_change = (changed != NEVER) & (changed < calendar.days)
        second = calendar.delivery_of(changed)
        again = has_change & (second > first)
        records = np.arange(len(first))
        record = np.concatenate([records, records[again]])
        delivery = np.concatenate([first, second[again]])
        shows = np.concatenate([has_change & ~again, np.ones(int(again.sum()), dtype=bool)])
        order = np.lexsort((record, delivery))
        return cls(record[order], delivery[order], shows[order])

    def also(self, rows: Array, delivery: int) -> "Versions":
        """Return the versions with some of its rows delivered unchanged once more."""
        record = np.concatenate([self.record, self.record[rows]])
        when = np.concatenate([self.delivery, np.full(len(rows), delivery)])
        shows = np.concatenate([self.shows_change, self.shows_change[rows]])
        order = np.lexsort((record, when))
        return Versions(record[order], when[order], shows[order])

    def first_rows(self) -> Array:
        """Return the row of each record's first delivery."""
        return np.unique(self.record, return_index=True)[1]

    def last_rows(self) -> Array:
        """Return the row of each record's last delivery."""
        return len(self.record) - 1 - np.unique(self.record[::-1], return_index=True)[1]
