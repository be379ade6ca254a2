"""The page that leads to the last audits: of which day, how they ended, and what became of each.

site/gate/index.html               written anew by each audit, publication and backtest
          <audit>/audit.json       what it says of an audit: Audit
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from thermocline import durable
from thermocline.candidates.candidate import Candidate
from thermocline.home import Home
from thermocline.ledger.chain import Ledger, Recorded, completed, recorded
from thermocline.templates import render

FOLDER = "gate"
FILE = "audit.json"


@dataclass(frozen=True)
class Audit:
    """One audit of a candidate; audited_at is UTC, ISO. `approvable`: a person may let what blocks pass."""

    candidate: str
    as_of_date: str
    audited_at: str
    predecessor: str | None
    verdict: str
    blocks: tuple[str, ...]
    warnings: tuple[str, ...]
    checks: int
    approvable: bool

    @classmethod
    def of(cls, candidate: Candidate, verdict: Mapping[str, Any]) -> "Audit":
        blocks = [check for check in verdict["checks"] if check["verdict"] == "block"]
        return cls(
            candidate.content_hash,
            candidate.facts.as_of_date.isoformat(),
            verdict["audited_at"],
            verdict["predecessor"],
            verdict["verdict"],
            tuple(check["rule"] for check in blocks),
            tuple(check["rule"] for check in verdict["checks"] if check["verdict"] == "warn"),
            len(verdict["checks"]),
            bool(blocks) and all(check.get("approvable") for check in blocks),
        )

    @classmethod
    def read(cls, place: Path) -> "Audit | None":
        """The audit whose pages are in a folder; None where it doesn't say."""
        with suppress(OSError, ValueError, TypeError, KeyError):
            stored = json.loads((place / FILE).read_bytes())
            return cls(**{**stored, "blocks": tuple(stored["blocks"]), "warnings": tuple(stored["warnings"])})
        return None

    def write(self, place: Path) -> None:
        durable.replace(place / FILE, durable.canonical(asdict(self)))


def folder(home: Home) -> Path:
    """Where the audits' pages are, one folder an audit, sorted by time."""
    return home.site / FOLDER


def audits(home: Home) -> list[Path]:
    """The folders of the audits that are shown, oldest first."""
    return sorted(path for path in folder(home).glob("[0-9]*") if path.is_dir())


def refresh(home: Home) -> None:
    """Write the page anew, where there are audits. Raises OSError where it can't be written."""
    places = audits(home)
    if places:
        durable.replace(folder(home) / "index.html", _page(home, places).encode())


def fate(audit: Audit, publications: Mapping[str, Recorded]) -> str:
    """What became of what was audited, in words: as which publication it was published, or why not."""
    own = [
        each
        for each in publications.values()
        if each.intent["content_hash"] == audit.candidate
        and each.intent["gate"]["audited_at"] == audit.audited_at
    ]
    if told := _ended(own):
        return told
    done = completed(publications.values())
    seen = done[-1] if done else None
    is_overtaken = seen is not None and str(seen.intent["as_of_date"]) > audit.as_of_date
    is_next = (seen.publication_id if seen else None) == audit.predecessor and not is_overtaken
    if audit.blocks:
        blocked = f"not published: blocked by {', '.join(audit.blocks)}"
        return f"{blocked}; a person may approve it" if audit.approvable and is_next else blocked
    same = [each.publication_id for each in done if each.intent["content_hash"] == audit.candidate]
    if same:
        return f"nothing new: {same[-1]} holds the same"
    if is_next:
        return "not published yet"
    names = seen.publication_id if seen else "nothing"
    later = ", of a later day," if is_overtaken else ""
    return f"not published: {names}{later} is what readers see"


def _ended(publications: Sequence[Recorded]) -> str:
    told = []
    for each in publications:
        intent, name = each.intent, each.publication_id
        if each.abandoned:
            told.append(f"{name} was begun, and {each.abandoned['reason']}")
        elif each.is_open:
            told.append(f"being published as {name}")
        else:
            told.append(f"{'put back' if intent['restores'] else 'published'} as {name}")
            if intent["approval"]:
                told[-1] += f", approved by {intent['approval']['by']}"
    return "; ".join(told)


def _page(home: Home, places: Sequence[Path]) -> str:
    publications = recorded(Ledger(home.ledger).scan().entries)
    audits_shown = [(place.name, Audit.read(place)) for place in reversed(places)]
    return render(
        "gate_index.html.j2",
        has_backtest=(home.site / "backtest.html").exists(),
        rows=[
            {"name": name, "audit": audit, "fate": audit and fate(audit, publications)}
            for name, audit in audits_shown
        ],
    )
