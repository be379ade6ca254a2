"""What was pruned and when, as the ledger says: entries of kind `pruned`, which are never removed.

what     landing or candidates
rule     the retention that asked for it, such as landing_days: 3650
pruned   the SHA-256 of the landed files, or the content hashes of the candidates
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from thermocline.home import Home
from thermocline.ledger.chain import Entry

KIND = "pruned"
LANDING, CANDIDATES = "landing", "candidates"


@dataclass(frozen=True)
class Due:
    """What a part of pruning is to remove: everything older than `before` (UTC), unless it is a dry run.

    today: the day of pruning, UTC; rule: the retention in words.
    """

    home: Home
    before: datetime
    today: date
    rule: str
    dry_run: bool


@dataclass(frozen=True)
class Removed:
    """What one part of pruning removed, or would: how many, how many bytes, and what is lost by it."""

    what: str
    number: int
    bytes: int
    lost: str

    def __str__(self) -> str:
        size = f", {self.bytes / 1e6:,.1f} MB" if self.bytes else ""
        return f"{self.number:,} {self.what}{size}" + (f"; gone: {self.lost}" if self.number else "")


@dataclass(frozen=True)
class Pruned:
    """When each landed file (by SHA-256) and each candidate (by content hash) was last pruned, UTC."""

    landing: dict[str, datetime]
    candidates: dict[str, datetime]

    def day(self, name: str) -> date | None:
        """Return the day on which a landed file or candidate of this hash was pruned, if it was."""
        at = self.landing.get(name) or self.candidates.get(name)
        return at.date() if at else None


def pruned(entries: Sequence[Entry]) -> Pruned:
    """Return what an intact ledger says of pruned files and candidates."""
    found: dict[str, dict[str, datetime]] = {LANDING: {}, CANDIDATES: {}}
    for entry in entries:
        if entry.get("kind") == KIND and entry["what"] in found:
            at = datetime.fromisoformat(entry["at"])
            found[entry["what"]] |= dict.fromkeys(entry["pruned"], at)
    return Pruned(found[LANDING], found[CANDIDATES])


def pruned_between(days: Iterable[date]) -> str:
    """Return `pruned on 2026-01-31`, or the first and last of several days."""
    first, last = min(each := sorted(days)), each[-1]
    return f"pruned on {first}" if first == last else f"pruned on days from {first} to {last}"
