"""Whether a candidate may be published: what the gate and a person said of it, and what readers rely on."""

from collections.abc import Mapping
from typing import Any

from thermocline.candidates import contract
from thermocline.candidates.candidate import Candidate
from thermocline.errors import GateBlocked
from thermocline.ledger.chain import Recorded

BESIDE = (contract.PUBLICATION, contract.GATE_CHECKS)
"""Tables that aren't in the candidate, and so in no intent."""


def verdict_of(
    candidate: Candidate, before: Recorded | None, approval: dict[str, Any] | None
) -> dict[str, Any]:
    """Return the verdict that passes the candidate, by itself or with a person's approval of all that blocks.

    Raise GateBlocked where it has none, or one against another predecessor.
    """
    verdict = candidate.read_verdict()
    named = f"candidate {candidate.content_hash}"
    if verdict is None:
        raise GateBlocked(f"{named} has no verdict: audit it first")
    blocks = [check for check in verdict["checks"] if check["verdict"] == "block"]
    if approval:
        approvable = {check["rule"] for check in blocks if check.get("approvable")}
        if not blocks or {check["rule"] for check in blocks} != approvable & set(approval["rules"]):
            raise GateBlocked(f"{named} is blocked by other rules than were approved: look at it again")
    elif verdict["verdict"] not in ("pass", "warn") or blocks:
        raise GateBlocked(f"{named} was blocked by the gate: see {candidate.folder}/verdict.json")
    predecessor = before.publication_id if before else None
    if verdict["predecessor"] != predecessor:
        raise GateBlocked(
            f"{named} was audited against publication {verdict['predecessor'] or '(none)'}, and "
            f"{predecessor or '(none)'} is current now: audit it again"
        )
    return verdict


def check_contract(
    target: str, seen: Mapping[str, Mapping[str, str]], coming: Mapping[str, Mapping[str, str]]
) -> None:
    """Raise GateBlocked if a column that readers of a target see would be removed or change its type.

    Both arguments: DuckDB type by column, by table.
    """
    for table, columns in seen.items():
        if table in BESIDE:
            continue
        change = ""
        if table not in coming:
            change = f"table {table} would go away"
        for column, kind in columns.items():
            found = coming.get(table, {}).get(column)
            if not change and found != kind:
                change = f"column {column} of {table} would " + (
                    f"turn from {kind} into {found}" if found else "go away"
                )
        if change:
            raise GateBlocked(
                f"{change}, which readers of target {target} rely on: leave {table} as it is and publish "
                f"the new shape beside it as {_next_version(table)}, a model of its own in "
                "dbt_project/models/reporting"
            )


def _next_version(table: str) -> str:
    name, _, number = table.rpartition("_v")
    return f"{name}_v{int(number) + 1}" if name and number.isdigit() else f"{table}_v2"
