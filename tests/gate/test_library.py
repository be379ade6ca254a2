"""Great Expectations is imported, asked and shown with less work, and with the same outcome."""

import importlib
import os
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from thermocline import gate, gate_site, suites


def test_what_is_hidden_from_an_import_can_be_imported_afterwards() -> None:
    hidden = "tabnanny"
    assert hidden not in sys.modules
    with suites.without([hidden]), pytest.raises(ImportError):
        importlib.import_module(hidden)
    assert importlib.import_module(hidden)


def test_what_is_imported_for_later_is_run_when_it_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "seldom_used.py").write_text("import os\nos.environ['SELDOM_USED'] = 'yes'\nanswer = 42\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delenv("SELDOM_USED", raising=False)
    with suites.later(["seldom_used"]):
        seldom_used = importlib.import_module("seldom_used")
    assert "SELDOM_USED" not in os.environ
    assert (seldom_used.answer, os.environ["SELDOM_USED"]) == (42, "yes")


def test_no_frame_is_fingerprinted(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would take as long as everything else in the audit of a long past."""
    context = suites.context()
    from great_expectations.execution_engine import pandas_execution_engine

    monkeypatch.setattr(pandas_execution_engine, "hash_pandas_dataframe", None)
    [suite] = [suite for suite in suites.read(gate.SUITES) if suite["name"] == "account_timeline"]
    days = pd.DataFrame({"occurred_on": ["2026-06-29"]})
    checks, _ = suites.judge(context, suite, days, {"as_of_date": "2026-06-29"})
    assert [check.verdict for check in checks] == ["pass", "pass"]


def test_an_expectations_arguments_are_read_once_and_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    suites.library()
    from great_expectations.expectations.expectation import Expectation

    asked: list[str] = []
    whole: Any = Expectation.configuration.fget

    def configuration(expectation: Any) -> Any:
        asked.append(type(expectation).__name__)
        return whole(expectation)

    monkeypatch.setattr(Expectation, "configuration", property(configuration))
    [suite] = [suite for suite in suites.read(gate.SUITES) if suite["name"] == "account_segments"]
    names = {item["kwargs"]["column"] for item in suite["expectations"] if "column" in item["kwargs"]}
    frame = pd.DataFrame({name: ["2026-06-29", None] for name in names})

    parameters = {"as_of_date": "2026-06-29", "as_of_dates": ["2026-06-29"]}

    def judged() -> tuple[list[Any], int]:
        asked.clear()
        _, outcome = suites.judge(suites.context(), suite, frame, parameters)
        results = outcome.to_json_dict()["results"]
        told = [(result["success"], result["result"], result["expectation_config"]) for result in results]
        for _, _, stated in told:
            del stated["id"]
        return told, len(asked)

    before = Expectation._get_success_kwargs
    quick, few = judged()
    assert Expectation._get_success_kwargs is before
    monkeypatch.setattr(suites, "arguments_read_once", nullcontext)
    slow, many = judged()
    assert quick == slow
    assert (len(quick), few * 2 < many) == (len(suite["expectations"]), True)


def test_an_audit_writes_no_settings_of_great_expectations(monkeypatch: pytest.MonkeyPatch) -> None:
    from great_expectations.data_context.types.base import DataContextConfig

    suites.library()
    made = suites.context()
    monkeypatch.setattr(DataContextConfig, "to_yaml_str", None)
    made.data_sources.get("candidate").add_dataframe_asset("a frame")


def test_data_docs_templates_are_compiled_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from jinja2 import Environment

    kept = tmp_path / "kept"
    monkeypatch.setattr(gate_site, "kept_templates", lambda: kept)
    first = gate_site._view().env.get_template("page.j2")
    monkeypatch.setattr(Environment, "compile", None)
    again = gate_site._view().env.get_template("page.j2")
    assert again is not first and again.root_render_func.__code__ == first.root_render_func.__code__
    monkeypatch.undo()
    kept.mkdir(exist_ok=True)
    unwritable = tmp_path / "file"
    unwritable.write_text("")
    monkeypatch.setattr(gate_site, "kept_templates", lambda: unwritable / "kept")
    assert gate_site._view().env.get_template("page.j2")
