"""The gate: Great Expectations over a frozen candidate. It fails closed.

The rules are the suites of `expectations/`, one file a table; an expectation of severity `critical`
blocks, one of severity `warning` warns. Here they are only run: against the candidate's files, with
the company's bounds, and whatever isn't plainly a pass doesn't pass.
"""

import json
import logging
import os
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thermocline import company, publication, warehouse
from thermocline.candidate import Candidate
from thermocline.errors import GateBlocked, ThermoclineError
from thermocline.hashing import parquet, quoted
from thermocline.home import PROJECT, Home
from thermocline.ledger import Ledger, recorded

if TYPE_CHECKING:
    import pandas as pd

SUITES = PROJECT / "expectations"
FIGURES = "gate_figures"
EMPTY_IS_GOOD_NEWS = ("quarantine", "overrides", "unattributed_revenue")
"""Tables that a mended delivery may rightly empty."""


@dataclass(frozen=True)
class Check:
    """One rule as it was judged; verdict: pass, warn, block or not_applicable."""

    rule: str
    table: str
    severity: str
    figure: str | None
    bound: str | None
    verdict: str
    sentence: str
    observed: str


@dataclass(frozen=True)
class Verdict:
    """What the gate made of a candidate: pass, warn or block, and every check."""

    candidate: str
    verdict: str
    predecessor: str | None
    checks: tuple[Check, ...]

    @property
    def warnings(self) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if check.verdict == "warn")

    @property
    def blocks(self) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if check.verdict == "block")


def audit(home: Home, content_hash: str, suites: Path = SUITES) -> Verdict:
    """Judge a candidate against every suite and keep the verdict beside it.

    Raises GateBlocked naming each rule that blocks; the verdict is written all the same.
    """
    candidate = Candidate.read(home, content_hash)
    candidate.check(rows=False)
    current = publication.current(home)
    settled = company.read(home)
    if settled is None:
        raise ThermoclineError(f"{company.path(home)} is missing: build the candidate again")
    parameters = {
        **settled.gate,
        "hold_days": settled.hold_days,
        "as_of_date": candidate.facts.as_of_date.isoformat(),
        "as_of_dates": [candidate.facts.as_of_date.isoformat()],
    }
    checks: list[Check] = []
    for suite in _read_suites(suites):
        frame = _frame(home, candidate, suite, current)
        checks += _judge(suite, frame, parameters)
    verdict = Verdict(
        candidate=content_hash,
        verdict=_worst(checks),
        predecessor=current.publication_id if current else None,
        checks=tuple(checks),
    )
    candidate.write_verdict(
        {
            "candidate": content_hash,
            "verdict": verdict.verdict,
            "warnings": len(verdict.warnings),
            "predecessor": verdict.predecessor,
            "audited_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "checks": [asdict(check) for check in checks],
        }
    )
    if verdict.blocks:
        raise GateBlocked(_words(verdict, candidate))
    return verdict


def _worst(checks: list[Check]) -> str:
    verdicts = {check.verdict for check in checks}
    return next((verdict for verdict in ("block", "warn") if verdict in verdicts), "pass")


def _words(verdict: Verdict, candidate: Candidate) -> str:
    told = [
        f"{check.rule} ({check.sentence.rstrip('.')}: found {check.figure}, allowed {check.bound})"
        for check in verdict.blocks
    ]
    failed = candidate.facts.dbt.get("failed") or []
    if failed:
        told.append(f"failed in dbt: {', '.join(name.split('.', 2)[2] for name in failed[:5])}")
    return (
        f"the gate blocked candidate {verdict.candidate[:12]}: {'; '.join(told)}. "
        "The earlier publication stays; mend the cause and run again"
    )


def _read_suites(folder: Path) -> list[dict[str, Any]]:
    """The suites, each with at least one expectation that has a rule and a sentence."""
    suites = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.json"))]
    if not suites:
        raise GateBlocked(f"{folder} holds no suites: a gate without rules lets nothing pass")
    for suite in suites:
        if not suite.get("expectations"):
            raise GateBlocked(f"suite {suite.get('name')} is empty: a gate without rules lets nothing pass")
    return suites


def _frame(
    home: Home, candidate: Candidate, suite: dict[str, Any], current: publication.Publication | None
) -> "pd.DataFrame":
    """The columns of the suite's table that it reads: dates as ISO text, decimals as floats."""
    table = suite["meta"]["table"]
    frozen = candidate.gate.get(table) or candidate.tables.get(table)
    if frozen is None:
        raise GateBlocked(f"candidate {candidate.content_hash[:12]} lacks table {table}: build it again")
    wanted = {item["kwargs"]["column"] for item in suite["expectations"] if "column" in item["kwargs"]}
    told = _facts(home, candidate, current) if table == FIGURES else {}
    selected = [
        f"cast({quoted(name)} as varchar) as {quoted(name)}"
        if kind.startswith(("DATE", "TIMESTAMP"))
        else f"cast({quoted(name)} as double) as {quoted(name)}"
        if kind.startswith("DECIMAL")
        else quoted(name)
        for name, kind in frozen.columns.items()
        if name in wanted
    ]
    missing = wanted - set(frozen.columns) - set(told)
    if missing:
        raise GateBlocked(f"table {table} lacks column {min(missing)}: a rule without its column can't pass")
    with closing(warehouse.connect(home, Path(":memory:"))) as connection:
        frame = connection.execute(
            f"select {', '.join(selected) or '1 as present'} from {parquet(frozen.path)}"
        ).df()
    for name, value in told.items():
        frame[name] = value
    return frame


def _facts(
    home: Home, candidate: Candidate, current: publication.Publication | None
) -> dict[str, int | None]:
    """The figures that aren't in the warehouse: dbt's results, and tables that lost all their rows."""
    emptied = None
    if current is not None:
        published = recorded(Ledger(home.ledger).entries())[current.publication_id]
        emptied = sum(
            1
            for name, table in published.intent["tables"].items()
            if table["rows"]
            and name not in EMPTY_IS_GOOD_NEWS
            and (name not in candidate.tables or not candidate.tables[name].rows)
        )
    return {
        "dbt_expected": int(candidate.facts.dbt["expected"]),
        "dbt_failed": int(candidate.facts.dbt["expected"]) - int(candidate.facts.dbt["passed"]),
        "tables_emptied": emptied,
    }


def _judge(suite: dict[str, Any], frame: "pd.DataFrame", parameters: dict[str, Any]) -> list[Check]:
    """One check per expectation; figures that don't exist yet are not applicable, not passed."""
    table = suite["meta"]["table"]
    applicable, checks = [], []
    for item in suite["expectations"]:
        column = item["kwargs"].get("column")
        if table == FIGURES and column and len(frame) and frame[column].isna().all():
            checks.append(
                _check(item, table, None, None, "not_applicable", "there is nothing to compare with")
            )
        else:
            applicable.append(item)
    results = _validate(suite["name"], applicable, frame, parameters)
    for item in applicable:
        checks.append(_read_result(item, table, results.get(item["meta"]["rule"]), frame, parameters))
    return checks


def _validate(
    name: str, expectations: list[dict[str, Any]], frame: "pd.DataFrame", parameters: dict[str, Any]
) -> dict[str, dict[str, Any]]:
    """Great Expectations' result by rule; a rule without one is missing."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx

    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    batch = (
        context.data_sources.add_pandas("candidate")
        .add_dataframe_asset(name)
        .add_batch_definition_whole_dataframe("whole")
        .get_batch({"dataframe": frame})
    )
    suite = context.suites.add(gx.ExpectationSuite(name=name, expectations=expectations))
    outcome = batch.validate(suite, expectation_parameters=parameters, result_format="SUMMARY")
    return {
        result["expectation_config"]["meta"]["rule"]: result for result in outcome.to_json_dict()["results"]
    }


def _read_result(
    item: dict[str, Any],
    table: str,
    result: dict[str, Any] | None,
    frame: "pd.DataFrame",
    parameters: dict[str, Any],
) -> Check:
    kwargs = item["kwargs"]
    bound = _bound(kwargs, parameters)
    observed = f"{len(frame)} rows of {table}"
    refused = "block" if item.get("severity") != "warning" else "warn"
    if result is None or result["exception_info"].get("raised_exception", True):
        reason = "no result" if result is None else result["exception_info"].get("exception_message")
        return _check(item, table, None, bound, "block", f"{observed}; the check did not run: {reason}")
    told = result["result"]
    if table == FIGURES and "column" in kwargs and len(frame) == 1:
        figure = _plain(frame[kwargs["column"]].iloc[0])
    elif "observed_value" in told:
        if told["observed_value"] is None:
            return _check(item, table, None, bound, "block", f"{observed}; there was nothing to check")
        figure = _plain(told["observed_value"])
    else:
        figure = f"{told['unexpected_count']} of {told['element_count']} rows differ"
        if not told["element_count"]:
            return _check(item, table, figure, bound, "block", f"{observed}; there was nothing to check")
    return _check(item, table, figure, bound, "pass" if result["success"] is True else refused, observed)


def _bound(kwargs: dict[str, Any], parameters: dict[str, Any]) -> str:
    """The expectation's bound in words: at least 1, at most 0.2, exactly 2026-06-30."""

    def given(key: str) -> str:
        value = kwargs[key]
        value = parameters[value["$PARAMETER"]] if isinstance(value, dict) else value
        return " or ".join(map(str, value)) if isinstance(value, list) else str(value)

    if "value_set" in kwargs:
        return f"exactly {given('value_set')}"
    low, high = ("min_value" in kwargs, "max_value" in kwargs)
    if low and high:
        same = given("min_value") == given("max_value")
        return f"exactly {given('min_value')}" if same else f"{given('min_value')} to {given('max_value')}"
    return f"at least {given('min_value')}" if low else f"at most {given('max_value')}"


def _plain(value: Any) -> str:
    number = float(value) if not isinstance(value, str) else None
    return str(value) if number is None else f"{number:.6f}".rstrip("0").rstrip(".")


def _check(
    item: dict[str, Any], table: str, figure: str | None, bound: str | None, verdict: str, observed: str
) -> Check:
    return Check(
        rule=item["meta"]["rule"],
        table=table,
        severity=item.get("severity", "critical"),
        figure=figure,
        bound=bound,
        verdict=verdict,
        sentence=item["meta"]["sentence"],
        observed=observed,
    )
