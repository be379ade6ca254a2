"""The page that leads to the last audits: of which day, how they ended, and what became of each.

site/gate/index.html               written anew by each audit, publication and backtest
          <audit>/audit.json       what it says of an audit: Audit
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import Any

from thermocline import durable
from thermocline.candidate import Candidate
from thermocline.home import Home
from thermocline.ledger import Ledger, Recorded, completed, recorded

FOLDER = "gate"
FILE = "audit.json"
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .3rem .6rem;
border-bottom: 1px solid #d8dee4; vertical-align: top } code { font-size: .9em }
.block { color: #b30000; font-weight: 600 } .warn { color: #8a5a00; font-weight: 600 }
.pass { color: #1a7f37 }
.not_applicable { color: #6e7781 }
.number { text-align: right } .day { white-space: nowrap }
"""

HEAD = (
    "<tr><th>as of</th><th>verdict</th><th>what became of it</th><th class='number'>blocked</th>"
    "<th class='number'>warned</th><th class='number'>checks</th><th>audited (UTC)</th><th>pages</th></tr>"
)


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
    rows = "".join(_row(place, publications) for place in reversed(places))
    backtest = (
        " · <a href='../backtest.html'>How well heat foretold who orders</a>"
        if (home.site / "backtest.html").exists()
        else ""
    )
    return (
        f"<!doctype html><html lang='en'><meta charset='utf-8'><title>Gate</title><style>{STYLE}</style>"
        f"<h1>The last audits</h1><p><a href='../index.html'>Every model, column and test</a>{backtest}</p>"
        f"<table>{HEAD}{rows}</table></html>"
    )


def _row(place: Path, publications: Mapping[str, Recorded]) -> str:
    name = escape(place.name)
    pages = f"<a href='{name}/index.html'>checks</a>, <a href='{name}/failures.csv'>failing records</a>"
    audit = Audit.read(place)
    if audit is None:
        return f"<tr><td colspan='7'>{name}</td><td>{pages}</td></tr>"
    audited_at = audit.audited_at[:19].replace("T", " ")
    return (
        f"<tr><td class='day'>{escape(audit.as_of_date)}</td>"
        f"<td class='{escape(audit.verdict)}'>{escape(audit.verdict)}</td>"
        f"<td>{escape(fate(audit, publications))}</td>"
        f"<td class='number'>{len(audit.blocks)}</td><td class='number'>{len(audit.warnings)}</td>"
        f"<td class='number'>{audit.checks}</td><td class='day'>{escape(audited_at)}</td>"
        f"<td>{pages} of <code>{escape(audit.candidate[:12])}</code></td></tr>"
    )
