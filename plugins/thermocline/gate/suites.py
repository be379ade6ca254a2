"""The suites of `expectations/`, run by Great Expectations over frames: a check for each rule.

Whatever isn't plainly a pass doesn't pass: no result, an exception, or nothing to look at block.
"""

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thermocline.errors import GateBlocked
from thermocline.surroundings import OF_GREAT_EXPECTATIONS, forget

if TYPE_CHECKING:
    import pandas as pd
    from great_expectations.core import ExpectationSuiteValidationResult

FIGURES = "gate_figures"
Suite = dict[str, Any]


@dataclass(frozen=True)
class Check:
    """One rule as it was judged; verdict: pass, warn, block or not_applicable.

    measure: the column that it looked at; None where it counts rows. found: what was counted and what is
    allowed, as each message says it. approvable: whether a person may let it pass though it blocks.
    """

    rule: str
    table: str
    measure: str | None
    severity: str
    figure: str | None
    bound: str | None
    verdict: str
    sentence: str
    observed: str
    found: str
    approvable: bool


def words(check: Mapping[str, Any]) -> str:
    """What a kept check found, in words; of one that an earlier version kept, its rule's sentence."""
    return str(check.get("found") or check["sentence"])


def read(folder: Path) -> list[Suite]:
    """The suites, each with at least one expectation, no rule twice. Raises GateBlocked."""
    suites = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.json"))]
    if not suites:
        raise GateBlocked(f"{folder} holds no suites: a gate without rules lets nothing pass")
    rules: set[str] = set()
    for suite in suites:
        if not suite.get("expectations"):
            raise GateBlocked(f"suite {suite.get('name')} is empty: a gate without rules lets nothing pass")
        for item in suite["expectations"]:
            if item["meta"]["rule"] in rules:
                raise GateBlocked(
                    f"rule {item['meta']['rule']} is stated twice in {folder}: state each rule once"
                )
            rules.add(item["meta"]["rule"])
    return suites


def context() -> Any:
    """Great Expectations without a store of its own: for one audit."""
    forget(OF_GREAT_EXPECTATIONS)
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx

    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    made = gx.get_context(mode="ephemeral")
    made.variables.progress_bars = {"globally": False}
    made.data_sources.add_pandas("candidate")
    return made


def judge(
    context: Any, suite: Suite, frame: "pd.DataFrame", parameters: dict[str, Any]
) -> tuple[list[Check], "ExpectationSuiteValidationResult"]:
    """One check per expectation, and what Great Expectations says of them all.

    A figure that compares, with an earlier publication or scorecard, has no value where there is none: it is
    not applicable, not passed. Any other without a value blocks.
    """
    table = suite["meta"]["table"]
    applicable, checks = [], []
    for item in suite["expectations"]:
        column = item["kwargs"].get("column")
        if table == FIGURES and column and len(frame) and frame[column].isna().any():
            if item["meta"].get("compares"):
                why = "there is nothing to compare with"
                checks.append(_check(item, table, None, None, "not_applicable", why))
            else:
                missing = _check(item, table, None, None, "block", "the figure is missing")
                checks.append(replace(missing, approvable=False))
        else:
            applicable.append(item)
    outcome = _validate(context, suite["name"], applicable, frame, parameters)
    results = {
        result["expectation_config"]["meta"]["rule"]: result for result in outcome.to_json_dict()["results"]
    }
    for item in applicable:
        checks.append(_read_result(item, table, results.get(item["meta"]["rule"]), frame, parameters))
    return checks, outcome


def _validate(
    context: Any,
    name: str,
    expectations: list[dict[str, Any]],
    frame: "pd.DataFrame",
    parameters: dict[str, Any],
) -> "ExpectationSuiteValidationResult":
    import great_expectations as gx

    batch = (
        context.data_sources.get("candidate")
        .add_dataframe_asset(name)
        .add_batch_definition_whole_dataframe("whole")
        .get_batch({"dataframe": frame})
    )
    suite = context.suites.add(gx.ExpectationSuite(name=name, expectations=expectations))
    return batch.validate(suite, expectation_parameters=parameters, result_format="SUMMARY")


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
        figure = f"{told['unexpected_count']} of {told['element_count']} rows"
        if not told["element_count"]:
            return _check(item, table, None, bound, "block", f"{observed}; there was nothing to check")
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


def _found(counted: str, figure: str, bound: str) -> str:
    """What a rule counted, and its bound, in words: 36 quarantined rows (allowed: 0).

    counted: as the suite says it, with `{}` for the figure, or `{:%}` for one that is a share.
    """
    allowed = bound.removeprefix("at most ").removeprefix("exactly ")
    if "{:%}" in counted:
        return f"{counted.replace('{:%}', _percent(figure))} (allowed: {_percent(allowed)})"
    return f"{counted.replace('{}', _grouped(figure))} (allowed: {_grouped(allowed)})"


def _percent(share: str) -> str:
    return f"{float(share) * 100:.4f}".rstrip("0").rstrip(".") + "%"


def _grouped(figure: str) -> str:
    """A whole number with its thousands apart; anything else as it is."""
    return f"{int(figure):,}" if figure.lstrip("-").isdecimal() else figure


def _check(
    item: dict[str, Any], table: str, figure: str | None, bound: str | None, verdict: str, observed: str
) -> Check:
    return Check(
        rule=item["meta"]["rule"],
        table=table,
        measure=item["kwargs"].get("column"),
        severity=item.get("severity", "critical"),
        figure=figure,
        bound=bound,
        verdict=verdict,
        sentence=item["meta"]["sentence"],
        observed=observed,
        found=f"{item['meta']['sentence'].rstrip('.')}: {observed}"
        if figure is None or bound is None
        else _found(item["meta"]["found"], figure, bound),
        approvable=item["meta"].get("approvable", False),
    )
