"""What the gate found, as pages: Great Expectations' Data Docs of the last audits, in the home's site.

site/gate/<time>-<candidate>/index.html     each check in words
                             <suite>.html   Data Docs of one suite
                             failures.csv   the records behind each warning and block
                             audit.json     what `gate_index` says of it
"""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thermocline.candidates.candidate import Candidate
from thermocline.gate import audit_index
from thermocline.gate import failures as gate_failures
from thermocline.gate.audit_index import Audit, audits, folder
from thermocline.home import Home
from thermocline.templates import render

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuiteValidationResult

_ELSEWHERE = re.compile(
    r"<link\b[^>]*\bhref=\"(?:https?://|\.\./)[^>]*>|<script\b[^>]*\bsrc=\"https?://[^>]*>\s*</script>"
    r"|<img\b[^>]*\bsrc=\"https?://[^>]*>",
    re.IGNORECASE,
)
"""What a page of Great Expectations fetches from other hosts, or finds in a site of its own."""

_SEVEREST_FIRST = ("block", "warn", "not_applicable", "pass")


def show(
    home: Home,
    candidate: Candidate,
    verdict: dict[str, Any],
    outcomes: Sequence["ExpectationSuiteValidationResult"],
    keep: int,
) -> Path:
    """Write the pages of one audit and remove all but the last `keep`; its folder."""
    from great_expectations.render.view import DefaultJinjaPageView

    stamp = re.sub(r"[^0-9T]", "", verdict["audited_at"][:19])
    place = folder(home) / f"{stamp}-{candidate.content_hash[:12]}"
    draft = place.with_name(f".{place.name}")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    failures = gate_failures.write_csv(candidate, draft / "failures.csv")
    view = DefaultJinjaPageView()
    for outcome in outcomes:
        (draft / f"{outcome.suite_name}.html").write_text(_data_docs(view, outcome), encoding="utf-8")
    (draft / "index.html").write_text(_page(candidate, verdict, outcomes, failures), encoding="utf-8")
    Audit.of(candidate, verdict).write(draft)
    shutil.rmtree(place, ignore_errors=True)
    draft.rename(place)
    for old in audits(home)[:-keep]:
        shutil.rmtree(old)
    audit_index.refresh(home)
    return place


def _data_docs(view: Any, outcome: "ExpectationSuiteValidationResult") -> str:
    from great_expectations.render.renderer import ValidationResultsPageRenderer

    page = view.render(ValidationResultsPageRenderer().render(outcome), show_how_to_buttons=False)
    return _ELSEWHERE.sub("", str(page)).replace("</head>", f"<style>{render('gate.css')}</style></head>", 1)


def _page(
    candidate: Candidate,
    verdict: dict[str, Any],
    outcomes: Sequence["ExpectationSuiteValidationResult"],
    failures: int,
) -> str:
    return render(
        "gate_audit.html.j2",
        as_of_date=candidate.facts.as_of_date,
        content_hash=candidate.content_hash,
        verdict=verdict,
        failures=failures,
        suites=[outcome.suite_name for outcome in outcomes],
        checks=sorted(verdict["checks"], key=lambda check: _SEVEREST_FIRST.index(check["verdict"])),
    )
