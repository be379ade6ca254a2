"""The gate on candidates that differ from a sound one in one figure: each rule on both sides of its bound."""

import json
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from changed_example import Change
from screened import Screened
from thermocline.building import transformation
from thermocline.candidates.candidate import Candidate
from thermocline.command import summary
from thermocline.errors import GateBlocked
from thermocline.gate import audit, comparison, suites


def verdict_of(candidate: Candidate, rule: str) -> str:
    body = candidate.read_verdict()
    assert body is not None
    return next(check["verdict"] for check in body["checks"] if check["rule"] == rule)


BLOCKING = {
    "rows_reconcile": ("unreconciled_rows", "0", "1"),
    "money_reconciles": ("unreconciled_money", "0", "0.01"),
    "delivery_is_readable": ("quarantined_share_of_delivery", "0.02", "0.020001"),
    "revenue_finds_its_account": ("unattributed_share", "0.3", "0.300001"),
    "totals_are_those_of_their_lines": ("unlike_lines_share", "0.5", "0.500001"),
    "sums_have_their_lines": ("without_lines_share", "0.1", "0.100001"),
    "little_revenue_is_contradicted": ("contradicted_share", "0.05", "0.050001"),
    "full_exports_keep_their_records": ("snapshot_share_lost", "0.1", "0.100001"),
    "late_feeds_are_not_held_for_ever": ("days_held", "14", "15"),
}
WARNING = {
    "nothing_is_quarantined": ("quarantined_rows", "0", "1"),
    "little_revenue_is_unattributed": ("unattributed_share", "0.05", "0.050001"),
    "no_feed_is_late": ("late_feeds", "0", "1"),
    "invoices_equal_their_lines": ("invoices_unlike_lines", "0", "1"),
    "lines_have_their_invoice": ("lines_without_invoice", "0", "1"),
    "few_records_are_not_yet": ("not_yet_share", "0.02", "0.020001"),
    "events_find_their_account": ("unattributed_events_share", "0.05", "0.050001"),
    "no_record_is_far_ahead": ("records_far_ahead", "0", "1"),
    "merged_accounts_have_one_survivor": ("undecided_merges", "0", "1"),
    "links_name_what_is_known": ("unknown_links", "0", "1"),
    "order_of_versions_is_known": ("undecided_records", "0", "1"),
    "records_are_stated_once": ("repeated_records", "0", "1"),
    "numbers_are_of_one_customer": ("shared_numbers", "0", "1"),
    "no_revenue_is_contradicted": ("contradicted_revenue", "0", "0.01"),
}
BLOCKING_COMPARED = {
    "hot_share_is_steady": ("hot_share_moved", "0.2", "0.200001"),
    "hot_revenue_is_steady": ("hot_revenue_share_moved", "0.2", "0.200001"),
    "scorecard_keeps_hot_share": ("scorecard_moved_hot_share", "0.2", "0.200001"),
    "scorecard_keeps_hot_revenue": ("scorecard_moved_hot_revenue_share", "0.2", "0.200001"),
}
WARNING_COMPARED = {
    "hot_share_barely_moved": ("hot_share_moved", "0.1", "0.100001"),
    "hot_revenue_barely_moved": ("hot_revenue_share_moved", "0.1", "0.100001"),
    "scorecard_barely_moves_hot_share": ("scorecard_moved_hot_share", "0.1", "0.100001"),
    "scorecard_barely_moves_hot_revenue": ("scorecard_moved_hot_revenue_share", "0.1", "0.100001"),
}


def figures(rules: dict[str, tuple[str, str, str]], side: int) -> str:
    changes = ", ".join(f"{rule[0]} = {rule[side]}" for rule in rules.values())
    return f"update gate.gate_figures set {changes}"


def test_each_rule_lets_its_bound_pass_and_blocks_beyond_it(change: Change) -> None:
    at_bound = change(figures(BLOCKING, 1))
    audit.audit(at_bound.home, at_bound.content_hash)
    assert {rule: verdict_of(at_bound, rule) for rule in BLOCKING} == dict.fromkeys(BLOCKING, "pass")

    beyond = change(figures(BLOCKING, 2))
    with pytest.raises(GateBlocked) as refusal:
        audit.audit(beyond.home, beyond.content_hash)
    assert {rule: verdict_of(beyond, rule) for rule in BLOCKING} == dict.fromkeys(BLOCKING, "block")
    assert all(rule in str(refusal.value) for rule in BLOCKING)
    assert "\n" not in str(refusal.value)


def test_each_rule_that_warns_lets_it_be_published(change: Change) -> None:
    sound = change(figures(WARNING, 1))
    audit.audit(sound.home, sound.content_hash)
    assert {rule: verdict_of(sound, rule) for rule in WARNING} == dict.fromkeys(WARNING, "pass")

    doubtful = change(figures(WARNING, 2))
    assert audit.audit(doubtful.home, doubtful.content_hash).verdict == "warn"
    assert {rule: verdict_of(doubtful, rule) for rule in WARNING} == dict.fromkeys(WARNING, "warn")


def test_one_rule_beyond_its_bound_is_enough(change: Change) -> None:
    beyond = change("update gate.gate_figures set unreconciled_money = 0.01")
    with pytest.raises(GateBlocked, match="money_reconciles"):
        audit.audit(beyond.home, beyond.content_hash)


def compares(
    monkeypatch: pytest.MonkeyPatch, rules: dict[str, tuple[str, str, str]], side: int | None
) -> None:
    """Let the comparison find each rule's figure at its bound (1), beyond it (2), or none."""
    figures = {
        figure: None if side is None else float(bounds[side - 1]) for figure, *bounds in rules.values()
    }
    found = comparison.Comparison({**comparison.NOTHING.figures, **figures})
    monkeypatch.setattr(comparison, "compare", lambda *_: found)


@pytest.mark.parametrize(
    ("rules", "refused"), [(BLOCKING_COMPARED, "block"), (WARNING_COMPARED, "warn")], ids=["blocks", "warns"]
)
def test_each_rule_that_compares_lets_its_bound_pass(
    change: Change, monkeypatch: pytest.MonkeyPatch, rules: dict[str, tuple[str, str, str]], refused: str
) -> None:
    candidate = change()
    for side, verdict in ((1, "pass"), (2, refused), (None, "not_applicable")):
        compares(monkeypatch, rules, side)
        with suppress(GateBlocked):
            audit.audit(candidate.home, candidate.content_hash)
        assert {rule: verdict_of(candidate, rule) for rule in rules} == dict.fromkeys(rules, verdict)


WITHOUT_FIGURE = "update gate.gate_figures set {} = null"


def test_a_figure_that_is_missing_blocks_where_nothing_is_compared(change: Change) -> None:
    rules = {rule: figure for rule, (figure, _, _) in (BLOCKING | WARNING).items()}
    assert len(rules) == 23
    missing = change(*(WITHOUT_FIGURE.format(figure) for figure in rules.values()))
    with pytest.raises(GateBlocked, match=r"money_reconciles \([^;]*: the figure is missing\)"):
        audit.audit(missing.home, missing.content_hash)
    assert {rule: verdict_of(missing, rule) for rule in rules} == dict.fromkeys(rules, "block")


@pytest.mark.parametrize("table", ["account_segments", "account_timeline", "segment_summary"])
def test_an_empty_table_blocks(change: Change, table: str) -> None:
    empty = change(f"delete from reporting.{table}")
    with pytest.raises(GateBlocked, match=f"{table}_is_not_empty"):
        audit.audit(empty.home, empty.content_hash)


def test_a_table_that_lost_all_its_rows_blocks(change: Change) -> None:
    emptied = change("delete from reporting.account_products")
    with pytest.raises(GateBlocked, match="no_table_lost_all_its_rows"):
        audit.audit(emptied.home, emptied.content_hash)


def test_missing_figures_block(change: Change) -> None:
    without = change("delete from gate.gate_figures")
    with pytest.raises(GateBlocked):
        audit.audit(without.home, without.content_hash)


def test_a_missing_table_blocks(change: Change) -> None:
    without = change("drop table gate.gate_figures")
    with pytest.raises(GateBlocked, match="lacks table gate_figures"):
        audit.audit(without.home, without.content_hash)


def test_another_days_table_blocks(change: Change) -> None:
    stale = change("update reporting.account_segments set as_of_date = as_of_date - 1")
    with pytest.raises(GateBlocked, match="account_segments_is_of_this_day"):
        audit.audit(stale.home, stale.content_hash)


def test_a_failed_dbt_test_blocks_and_is_named(change: Change) -> None:
    failed = change(dbt={"expected": 9, "passed": 8, "failed": ["test.thermocline.heat_adds_up.1"]})
    with pytest.raises(GateBlocked, match="heat_adds_up"):
        audit.audit(failed.home, failed.content_hash)


def test_no_dbt_results_at_all_block(change: Change) -> None:
    without = change(dbt={"expected": 0, "passed": 0, "failed": []})
    with pytest.raises(GateBlocked, match="models_and_tests_ran"):
        audit.audit(without.home, without.content_hash)


def test_a_missing_result_blocks(change: Change, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gate that only looks at what Great Expectations returns would never miss it."""
    whole = suites._validate

    def without_the_last(*given: Any) -> Any:
        outcome = whole(*given)
        del outcome.results[-1]
        return outcome

    monkeypatch.setattr(suites, "_validate", without_the_last)
    candidate = change()
    with pytest.raises(GateBlocked, match="no_revenue_is_contradicted"):
        audit.audit(candidate.home, candidate.content_hash)
    body = candidate.read_verdict() or {}
    assert [c["observed"].split("; ")[1] for c in body["checks"] if c["verdict"] == "block"] == [
        "the check did not run: no result"
    ] * 5


def test_a_suite_over_a_table_that_is_not_there_blocks(change: Change, tmp_path: Path) -> None:
    candidate = change()
    suite = json.loads((audit.SUITES / "account_segments.json").read_text(encoding="utf-8"))
    suite["meta"]["table"] = "account_segment"
    folder = tmp_path / "suites"
    folder.mkdir()
    (folder / "account_segments.json").write_text(json.dumps(suite))
    with pytest.raises(GateBlocked, match="lacks table account_segment:"):
        audit.audit(candidate.home, candidate.content_hash, folder)
    assert candidate.read_verdict() is None
    suite["meta"]["table"] = "account_links"
    (folder / "account_segments.json").write_text(json.dumps(suite))
    with pytest.raises(GateBlocked, match="table account_links lacks column"):
        audit.audit(candidate.home, candidate.content_hash, folder)


def test_no_rule_is_stated_twice(tmp_path: Path) -> None:
    for name in ("one", "two"):
        shutil.copy(audit.SUITES / "segment_summary.json", tmp_path / f"{name}.json")
    with pytest.raises(GateBlocked, match="segment_summary_is_not_empty is stated twice"):
        suites.read(tmp_path)


def test_dbt_and_the_suites_never_state_the_same_rule(example: Screened) -> None:
    """A suite asks a column of a published table for bounds or values; no dbt test asks it for the same."""
    manifest = json.loads(
        (transformation.target_folder(example.home) / "manifest.json").read_text(encoding="utf-8")
    )
    by_dbt = {
        (node["attached_node"].split(".")[-1], node["column_name"])
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test"
        and node.get("attached_node")
        and node["test_metadata"]["name"] not in ("unique", "not_null", "relationships", "unique_combination")
    }
    by_suites = {
        (suite["meta"]["table"], item["kwargs"].get("column"))
        for suite in suites.read(audit.SUITES)
        for item in suite["expectations"]
    }
    assert by_dbt, "dbt states no values at all"
    assert by_dbt & by_suites == set()
    kinds = {item["type"] for suite in suites.read(audit.SUITES) for item in suite["expectations"]}
    assert not [kind for kind in kinds if "unique" in kind or "null" in kind]


def test_an_empty_suite_or_none_blocks(change: Change, tmp_path: Path) -> None:
    candidate = change()
    folder = tmp_path / "suites"
    folder.mkdir()
    with pytest.raises(GateBlocked, match="no suites"):
        audit.audit(candidate.home, candidate.content_hash, folder)
    (folder / "empty.json").write_text(json.dumps({"name": "empty", "expectations": []}))
    with pytest.raises(GateBlocked, match="is empty"):
        audit.audit(candidate.home, candidate.content_hash, folder)


def test_an_expectation_that_cannot_run_blocks(change: Change, tmp_path: Path) -> None:
    candidate = change()
    suite = json.loads((audit.SUITES / "account_segments.json").read_text(encoding="utf-8"))
    suite["expectations"][-1]["kwargs"] = {"column": "temperature", "min_value": 0, "max_value": 1}
    folder = tmp_path / "suites"
    folder.mkdir()
    (folder / "account_segments.json").write_text(json.dumps(suite))
    with pytest.raises(GateBlocked, match="heat_is_plausible"):
        audit.audit(candidate.home, candidate.content_hash, folder)


def test_no_accounts_are_said_once(change: Change) -> None:
    tables = ("account_segments", "account_temperature_history", "account_timeline", "segment_summary")
    empty = change(*(f"delete from reporting.{table}" for table in tables))
    with pytest.raises(GateBlocked) as refusal:
        audit.audit(empty.home, empty.content_hash)
    body = empty.read_verdict() or {}
    blocks = {check["rule"] for check in body["checks"] if check["verdict"] == "block"}
    assert blocks - {"no_table_lost_all_its_rows"} == {"account_segments_is_not_empty"}
    assert verdict_of(empty, "timeline_ends_at_the_as_of_date") == "not_applicable"
    assert "there was nothing to check" not in str(refusal.value)


def test_a_warning_says_what_was_counted_and_what_is_allowed(change: Change) -> None:
    doubtful = change("update gate.gate_figures set quarantined_rows = 1036, unattributed_share = 0.0512")
    audit.audit(doubtful.home, doubtful.content_hash)
    assert {
        "1,036 quarantined rows (allowed: 0)",
        "5.12% of revenue belongs to no account (allowed: 5%)",
    } <= set(summary.warnings(doubtful.home, doubtful.content_hash))
