"""What the gate found, as pages: Great Expectations' Data Docs of the last audits, in the home's site.

site/gate/<time>-<candidate>/index.html     each check in words
                             <suite>.html   Data Docs of one suite
                             failures.csv   the records behind each warning and block
"""

import re
import shutil
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thermocline import durable, gate_failures
from thermocline.candidate import Candidate
from thermocline.home import Home

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuiteValidationResult

FOLDER = "gate"
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .3rem .6rem;
border-bottom: 1px solid #d8dee4; vertical-align: top } code { font-size: .9em }
.block { color: #b30000; font-weight: 600 } .warn { color: #8a5a00; font-weight: 600 }
.pass { color: #1a7f37 }
.not_applicable { color: #6e7781 }
"""
_ELSEWHERE = re.compile(
    r"<link\b[^>]*\bhref=\"(?:https?://|\.\./)[^>]*>|<script\b[^>]*\bsrc=\"https?://[^>]*>\s*</script>"
    r"|<img\b[^>]*\bsrc=\"https?://[^>]*>",
    re.IGNORECASE,
)
"""What a page of Great Expectations fetches from other hosts, or finds in a site of its own."""


def folder(home: Home) -> Path:
    """Where the audits' pages are, one folder an audit, sorted by time."""
    return home.site / FOLDER


def show(
    home: Home,
    candidate: Candidate,
    verdict: dict[str, Any],
    outcomes: Sequence["ExpectationSuiteValidationResult"],
    keep: int,
) -> Path:
    """Write the pages of one audit and remove all but the last `keep`; its folder."""
    stamp = re.sub(r"[^0-9T]", "", verdict["audited_at"][:19])
    place = folder(home) / f"{stamp}-{candidate.content_hash[:12]}"
    draft = place.with_name(f".{place.name}")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    failures = gate_failures.write_csv(candidate, draft / "failures.csv")
    from great_expectations.render.view import DefaultJinjaPageView

    view = DefaultJinjaPageView()
    for outcome in outcomes:
        (draft / f"{outcome.suite_name}.html").write_text(_data_docs(view, outcome), encoding="utf-8")
    (draft / "index.html").write_text(_page(candidate, verdict, outcomes, failures), encoding="utf-8")
    shutil.rmtree(place, ignore_errors=True)
    draft.rename(place)
    for old in audits(home)[:-keep]:
        shutil.rmtree(old)
    durable.replace(folder(home) / "index.html", _index(home).encode())
    return place


def _index(home: Home) -> str:
    """A page that leads to each audit, the newest first."""
    items = "".join(
        f"<li><a href='{escape(place.name)}/index.html'>{escape(place.name)}</a>, "
        f"<a href='{escape(place.name)}/failures.csv'>failing records</a></li>"
        for place in reversed(audits(home))
    )
    return (
        f"<!doctype html><html lang='en'><meta charset='utf-8'><title>Gate</title><style>{STYLE}</style>"
        "<h1>The last audits</h1><p><a href='../index.html'>Every model, column and test</a></p>"
        f"<ul>{items}</ul></html>"
    )


def audits(home: Home) -> list[Path]:
    """The folders of the audits that are shown, oldest first."""
    return sorted(path for path in folder(home).glob("[0-9]*") if path.is_dir())


def _data_docs(view: Any, outcome: "ExpectationSuiteValidationResult") -> str:
    from great_expectations.render.renderer import ValidationResultsPageRenderer

    page = view.render(ValidationResultsPageRenderer().render(outcome), show_how_to_buttons=False)
    return _ELSEWHERE.sub("", str(page)).replace("</head>", f"<style>{STYLE}</style></head>", 1)


def _page(
    candidate: Candidate,
    verdict: dict[str, Any],
    outcomes: Sequence["ExpectationSuiteValidationResult"],
    failures: int,
) -> str:
    rows = "".join(
        "<tr><td class='{verdict}'>{verdict}</td><td><code>{rule}</code><br>{sentence}</td><td>{figure}</td>"
        "<td>{bound}</td><td>{observed}</td></tr>".format(
            **{name: escape(str(check[name] or "")) for name in check}
        )
        for check in sorted(
            verdict["checks"],
            key=lambda check: ("block", "warn", "not_applicable", "pass").index(check["verdict"]),
        )
    )
    docs = ", ".join(
        f"<a href='{escape(name)}.html'>{escape(name)}</a>"
        for name in (outcome.suite_name for outcome in outcomes)
    )
    return (
        f"<!doctype html><html lang='en'><meta charset='utf-8'>"
        f"<title>Gate, {candidate.facts.as_of_date}</title>"
        f"<style>{STYLE}</style><p><a href='../index.html'>All audits</a></p>"
        f"<h1>Gate: <span class='{verdict['verdict']}'>{verdict['verdict']}</span>, "
        f"as of {candidate.facts.as_of_date}</h1>"
        f"<p>Candidate <code>{candidate.content_hash}</code>, audited {escape(verdict['audited_at'])} "
        f"against publication {escape(str(verdict['predecessor'] or 'none'))}. "
        f"<a href='failures.csv'>{failures:,} failing records</a>. Data Docs: {docs}.</p>"
        "<table><tr><th>verdict</th><th>rule</th><th>figure</th><th>bound</th><th>looked at</th></tr>"
        f"{rows}</table></html>"
    )
