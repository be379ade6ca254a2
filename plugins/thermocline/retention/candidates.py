"""Candidates: removed once they are old, unless a kept publication was built from them."""

import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

from thermocline.ledger.chain import Ledger
from thermocline.ledger.pruned import CANDIDATES, Due, Removed, pruned
from thermocline.publishing import publication

LOST = (
    "what the gate judged and nobody sees any more: blocked or overtaken candidates can't be approved "
    "or looked at, publications that targets no longer keep can't be put back"
)
AWAY = ".pruned-"


def prune(due: Due) -> Removed:
    """Remove the candidates that were built and judged before the moment."""
    home = due.home
    kept = {each.content_hash for each in publication.history(home)}
    old = {
        place.name: at
        for place in home.candidates.glob("*")
        if re.fullmatch("[0-9a-f]{64}", place.name) and (at := _judged_at(place)) < due.before
        if place.name not in kept
    }
    left = list(home.candidates.glob(f"{AWAY}*"))
    size = sum(_size(home.candidates / name) for name in old) + sum(map(_size, left))
    if not due.dry_run:
        known = pruned(Ledger(home.ledger).entries()).candidates
        # One that was built again after it was pruned is pruned again.
        new = sorted(name for name, at in old.items() if name not in known or known[name] < at)
        if new:
            publication.record_pruned(home, CANDIDATES, due.rule, new)
        for name in old:
            away = home.candidates / f"{AWAY}{name}"
            shutil.rmtree(away, ignore_errors=True)
            (home.candidates / name).rename(away)
            left.append(away)
        for away in left:
            shutil.rmtree(away, ignore_errors=True)
    return Removed("candidates", len({*old, *(away.name.removeprefix(AWAY) for away in left)}), size, LOST)


def _judged_at(place: Path) -> datetime:
    """Return when the candidate was frozen or, if that is later, audited (UTC)."""
    written = [file.stat().st_mtime for file in (place, *place.glob("*.json"))]
    return datetime.fromtimestamp(max(written), UTC)


def _size(place: Path) -> int:
    return sum(file.stat().st_size for file in place.rglob("*") if file.is_file())
