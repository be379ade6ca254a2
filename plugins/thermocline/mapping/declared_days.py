"""The day that a delivered path declares, as a real date: deliveries are ordered by it, never by text.

Year-first figures (2026-06-30, 2026_06_30, 20260630, also with a time behind) and English month names
(30-Jun-2026, June 30 2026, 2026-Jun-30) mean one day only. Figures with the year last (30.06.2026,
06-30-2026) are read where the order of day and month is declared. A month (2026-06, Jun 2026) stands for
its last day.
"""

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

DAY_FIRST, MONTH_FIRST = "day_first", "month_first"

_YEAR = r"(?P<y>(?:19|20)\d\d)"
_MONTH = (
    r"(?<![a-z])(?P<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)(?![a-z])"
)
_DAY = r"(?P<d>\d{1,2})(?:st|nd|rd|th)?"
_GAP = r"[-_.,\s]*"
_END = r"(?:(?=\d{6}(?!\d))|(?=\d{4}(?!\d))|(?!\d))"

_DAYS = (
    rf"(?<!\d){_YEAR}(?P<s>[-_.\s])(?P<m>\d\d?)(?P=s)(?P<d>\d\d?)(?!\d)",
    rf"(?<!\d){_YEAR}(?P<m>\d\d)(?P<d>\d\d){_END}",
    rf"(?<!\d){_DAY}{_GAP}{_MONTH}{_GAP}{_YEAR}(?!\d)",
    rf"{_MONTH}{_GAP}{_DAY}[-_.,\s]+{_YEAR}(?!\d)",
    rf"(?<!\d){_YEAR}{_GAP}{_MONTH}{_GAP}{_DAY}(?!\d)",
)
_FIGURES = r"(?<!\d)(?P<a>\d\d?)(?P<s>[-_.\s])(?P<b>\d\d?)(?P=s)" + _YEAR + r"(?!\d)"
_COMPACT_FIGURES = r"(?<!\d)(?P<a>\d\d)(?P<b>\d\d)" + _YEAR + r"(?!\d)"
_MONTHS = (
    rf"(?<!\d){_YEAR}-(?P<m>\d\d)(?![-\d])",
    rf"(?<!\d){_YEAR}{_GAP}{_MONTH}(?!{_GAP}\d)",
    rf"{_MONTH}{_GAP}{_YEAR}(?!\d)",
)


@dataclass(frozen=True)
class Declared:
    """A day that a text declares; `is_month`: it names a month, whose last day this is."""

    day: date
    is_month: bool = False

    @property
    def key(self) -> str:
        """The delivery key of all files that declare it."""
        return f"{self.day:%Y-%m}" if self.is_month else self.day.isoformat()


@lru_cache(maxsize=4096)
def declared_day(text: str, order: str | None = None) -> Declared | None:
    """The last day that a file's or folder's name declares, else its last month; None where it declares none.

    `order`: day_first or month_first, of figures with the year last.
    """
    text = text.lower()
    days = [
        *_found(_DAYS, text),
        *(_found((_FIGURES, _COMPACT_FIGURES), text, order) if order else ()),
    ]
    if days:
        return Declared(max(days))
    months = [day.replace(day=calendar.monthrange(day.year, day.month)[1]) for day in _found(_MONTHS, text)]
    return Declared(max(months), is_month=True) if months else None


def undeclared_figures(path: str) -> str | None:
    """The figures in a path that would be a day if the order of day and month were declared."""
    found = re.search(_FIGURES, path)
    is_a_day = found and any(_found((_FIGURES,), path, order) for order in (DAY_FIRST, MONTH_FIRST))
    return found.group(0) if found and is_a_day else None


def _found(patterns: tuple[str, ...], text: str, order: str | None = None) -> list[date]:
    return [day for pattern in patterns for day in _days(pattern, text, order)]


def _days(pattern: str, text: str, order: str | None) -> Iterator[date]:
    for match in re.finditer(pattern, text):
        part = match.groupdict()
        month, day = part.get("m") or part.get("name"), part.get("d") or "1"
        if "a" in part:
            day, month = (part["a"], part["b"]) if order == DAY_FIRST else (part["b"], part["a"])
        try:
            yield date(int(part["y"]), _number(str(month)), int(day))
        except ValueError:
            continue


def _number(month: str) -> int:
    names = [name.lower() for name in calendar.month_abbr]
    return int(month) if month.isdigit() else names.index(month[:3])
