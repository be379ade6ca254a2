"""Summary at the end of a run: the figures of the publication, and where to look."""

from pathlib import Path

from thermocline.candidates.candidate import Candidate
from thermocline.company import settings
from thermocline.gate import suites
from thermocline.home import Home
from thermocline.publishing import publication


def text(home: Home, state: str) -> str:
    """Return the current publication in a few lines; `state` says how the run relates to it."""
    current = publication.current(home)
    if current is None:
        return "Nothing is published yet."
    settled = settings.read(home)
    currency = settled.reporting_currency if settled else ""
    share = f"{current.hot / current.accounts:.0%}" if current.accounts else "none"
    lines = [
        ("as of", current.as_of_date.isoformat()),
        ("accounts", f"{current.accounts:,}"),
        ("hot", f"{current.hot:,} ({share})"),
        ("cold", f"{current.cold:,}"),
        ("unattributed revenue", f"{current.unattributed_revenue:,.2f} {currency}"),
        ("quarantined rows", f"{current.quarantined_rows:,}"),
        ("verdict", f"{current.verdict}, {state} {current.publication_id}"),
        *(("", f"warning: {words}") for words in warnings(home, current.content_hash)),
        ("tables", shown(publication.database(home)) + " (schema reporting)"),
        ("documentation", shown(home.site / "index.html")),
    ]
    return "\n".join(f"  {name:<22}{value}" for name, value in lines)


def warnings(home: Home, content_hash: str) -> list[str]:
    """Return one line per rule that warned of the candidate."""
    verdict = Candidate.read(home, content_hash).read_verdict() or {"checks": []}
    return [suites.words(check) for check in verdict["checks"] if check["verdict"] == "warn"]


def shown(path: Path) -> str:
    """Return the path as a person would type it in the current folder."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
