"""Landed files as they are read: where each lies, and its place in the order of deliveries."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from thermocline.landing.manifest import LandedFile

Position = tuple[date, int]
"""A position in the order of deliveries: the greater is the later."""


@dataclass(frozen=True)
class Place:
    """Where a delivered file stands in the order of deliveries; see `standing.place_of`.

    `is_dated`: its path declares the day. `is_keyed`: its delivery may have other files; else each new
    content of a path is a delivery of its own.
    """

    stated_on: date
    landed_in: int
    is_dated: bool
    is_keyed: bool

    @property
    def position(self) -> Position:
        return self.stated_on, self.landed_in


@dataclass(frozen=True)
class Arrival:
    """A landed file with where to read it, the delivery that counts for it, and that delivery's place."""

    file: LandedFile
    path: Path
    source_file: str
    delivery_key: str
    covers_on: date | None
    place: Place

    @property
    def file_id(self) -> int:
        return self.file.file_id
