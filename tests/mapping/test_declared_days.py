"""The day by which a delivery is ordered is what its path declares, never its text."""

from datetime import date

import pytest
from thermocline.mapping.declared_days import declared_day, undeclared_figures

LAST_OF_JUNE = date(2026, 6, 30)


@pytest.mark.parametrize(
    "text",
    [
        "2026-06-30",
        "2026_06_30",
        "2026.06.30.csv",
        "20260630",
        "invoices_20260630.csv",
        "x20260630T1200.csv",
        "20260630120000",
        "30-Jun-2026",
        "30Jun2026",
        "June 30 2026",
        "June 30, 2026",
        "2026-Jun-30",
        "30th June 2026",
        "2026-Jun",
        "2026-06",
        "june_2026",
        "2026-06-01_2026-06-30",
        "2026-06-30 (2).csv",
    ],
)
def test_one_day_only_is_declared_by_year_first_figures_and_month_names(text: str) -> None:
    declared = declared_day(text)
    assert declared
    assert declared.day == LAST_OF_JUNE


@pytest.mark.parametrize(
    ("text", "day_first", "month_first"),
    [
        ("30.06.2026", LAST_OF_JUNE, None),
        ("06-30-2026", None, LAST_OF_JUNE),
        ("30062026", LAST_OF_JUNE, None),
        ("05.06.2026", date(2026, 6, 5), date(2026, 5, 6)),
    ],
)
def test_figures_with_the_year_last_are_days_only_where_their_order_is_declared(
    text: str, day_first: date | None, month_first: date | None
) -> None:
    assert declared_day(text) is None
    found = [declared_day(text, order) for order in ("day_first", "month_first")]
    assert [one and one.day for one in found] == [day_first, month_first]


@pytest.mark.parametrize(
    "text", ["invoices (1).csv", "invoices_2.csv", "2026-06-31", "marketing 2026", "12345620260630", "2026-1"]
)
def test_other_figures_declare_nothing(text: str) -> None:
    assert declared_day(text, "day_first") is None
    assert undeclared_figures(text) is None


def test_figures_that_would_be_a_day_are_found_for_the_check() -> None:
    assert undeclared_figures("a/invoices 30.06.2026.csv") == "30.06.2026"
