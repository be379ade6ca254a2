"""The table of faults that were tried and survived, printed at the end of a run of tests."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

PROPERTY = "fault"

Tally = Callable[..., None]
"""Told the name of a fault that was survived, and how many times."""


@pytest.fixture
def survived(record_property: Callable[[str, Any], None]) -> Tally:
    def tally(fault: str, times: int = 1) -> None:
        record_property(PROPERTY, [fault, times])

    return tally


def rows(reports: list[Any]) -> list[str]:
    """A line per fault, with how often it was survived; those of failed tests are said to have failed."""
    counted: Counter[str] = Counter()
    failed: set[str] = set()
    for report in reports:
        for name, value in getattr(report, "user_properties", []):
            if name == PROPERTY:
                counted[value[0]] += value[1]
                if report.outcome != "passed":
                    failed.add(value[0])
    width = max(map(len, counted), default=0)
    listed = [
        f"{fault:<{width}}  {times:>5}{'  NOT SURVIVED' if fault in failed else ''}"
        for fault, times in sorted(counted.items())
    ]
    return [*listed, f"{'together':<{width}}  {sum(counted.values()):>5}"] if listed else []


def pytest_terminal_summary(terminalreporter: Any) -> None:
    reports = [
        report
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, [])
        if report.when == "call"
    ]
    if lines := rows(reports):
        terminalreporter.section("faults tried and survived")
        for line in lines:
            terminalreporter.write_line(line)
