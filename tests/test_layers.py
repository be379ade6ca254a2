"""Packages import in the direction of the flow: the contract stands in pyproject.toml."""

import pytest
from importlinter import cli
from thermocline.home import PROJECT


def test_a_stage_imports_only_the_stages_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)
    assert cli.lint_imports(no_cache=True) == cli.EXIT_STATUS_SUCCESS
