"""The example's exports delivered in two parts, each screened."""

import shutil
import time
from dataclasses import dataclass, replace
from pathlib import Path

from screened import Screened, screen
from thermocline.home import Home

LATER = {
    # The CRM's newest delivery comes first, some older ones later.
    "crm": (slice(-16, -8), slice(-3, -1)),
    # Billing's leave a gap, and the newest isn't there yet.
    "billing": (slice(-6, -4), slice(-1, None)),
}
"""Which days of each system are in the second part."""


@dataclass(frozen=True)
class Part:
    """What the company looked like once a part had been screened.

    said: what the build reported. seconds: when each stage had ended.
    """

    screened: Screened
    said: list[str]
    seconds: dict[str, float]


@dataclass(frozen=True)
class InParts:
    """One home after the first part and after both; the exports of both hold all."""

    first: Part
    whole: Part


def make(example: Screened, folder: Path) -> InParts:
    """Deliver and screen one part after the other, under the example's scorecard."""
    exports, later = Path(shutil.copytree(example.exports, folder / "exports")), folder / "later"
    for system, slices in LATER.items():
        days = sorted(exports.joinpath(system).iterdir())
        for day in {day for part in slices for day in days[part]}:
            shutil.move(day, later / system / day.name)
    home = example.begin(folder / "whole", "company.yml", "scorecards.csv")
    first = _part(home, exports)
    shutil.copytree(home.root, folder / "first", symlinks=True)
    shutil.copytree(later, exports, dirs_exist_ok=True)
    return InParts(
        replace(first, screened=replace(first.screened, home=Home(folder / "first"))), _part(home, exports)
    )


def _part(home: Home, exports: Path) -> Part:
    said: list[str] = []
    seconds: dict[str, float] = {}
    began = time.monotonic()

    def note(stage: str) -> None:
        seconds[stage] = time.monotonic() - began

    return Part(screen(home, exports, told=note, report=said.append), said, seconds)
