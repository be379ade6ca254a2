"""Verdicts of the gate that block a candidate, some of which a person may approve."""

from typing import Any

from made_company import Begun, audit
from thermocline.candidates.candidate import Candidate


def check(rule: str, verdict: str, approvable: bool) -> dict[str, Any]:
    return {
        "rule": rule,
        "table": "gate_figures",
        "measure": "hot_share_moved",
        "severity": "critical",
        "figure": "0.35",
        "bound": "at most 0.2",
        "verdict": verdict,
        "sentence": "The share of hot accounts has not jumped.",
        "observed": "1 rows of gate_figures",
        "found": "the share of hot accounts moved by 35% (allowed: 20%)",
        "approvable": approvable,
    }


SHIFT = check("hot_share_is_steady", "block", True)
MONEY = check("money_reconciles", "block", False)
SOUND = check("rows_reconcile", "pass", False)


def blocked(begun: Begun, *checks: dict[str, Any]) -> Candidate:
    return audit(begun.home, begun.coming, "block", checks=[*checks, SOUND])
