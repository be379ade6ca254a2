"""Through which day a system's deliveries cover all: what the daily run waits for."""

from datetime import date
from pathlib import Path

import pytest
from export_files import INVOICES, PAYMENTS, load_all, payment, rows, write
from thermocline.home import Home
from thermocline.landing.coverage import covered_through
from thermocline.landing.land import land
from thermocline.mapping.files import SHIPPED


def settle(home: Home, exports: Path, *keys: str) -> None:
    source = ", ".join(["mapping: kontor", f"location: {exports}", *keys])
    (home.config / "sources.yml").write_text(f"sources:\n- {{{source}}}\n")


@pytest.fixture
def two_days(home: Home, exports: Path) -> Home:
    """A home whose payments and invoices cover 5 and 6 January."""
    for day in ("2024-01-05", "2024-01-06"):
        write(exports, f"{day}/Payments.csv", PAYMENTS, payment(day))
        write(exports, f"{day}/Invoices.csv", INVOICES, f"R-1,K-1,{day},,EUR,5,Open,{day}")
    settle(home, exports)
    assert land(home, "billing").covered_through == date(2024, 1, 6)
    return home


def test_covered_through_is_the_least_of_the_daily_feeds(home, exports):
    assert covered_through(home, "billing") is None
    write(exports, "2024-01-05/Payments.csv", PAYMENTS, payment(1))
    write(exports, "2024-01-05/Invoices.csv", INVOICES)
    landing = land(home, "billing", exports)
    assert landing.covered_through == covered_through(home, "billing") == date(2024, 1, 5)
    write(exports, "2024-01-06/Payments.csv", PAYMENTS, payment(2))
    assert land(home, "billing").covered_through == date(2024, 1, 5)
    write(exports, "2024-01-06/Invoices.csv", INVOICES)
    assert land(home, "billing").covered_through == date(2024, 1, 6)
    assert covered_through(home, "crm") is None


def test_a_feed_with_a_slower_rhythm_does_not_hold_the_day_back(home, exports):
    text = (SHIPPED / "kontor.yml").read_text()
    (home.config / "mappings").mkdir()
    (home.config / "mappings" / "kontor.yml").write_text(
        text.replace("file: Invoices*", "expected_every_days: 30\n      file: Invoices*")
    )
    write(exports, "2024-01-01/Invoices.csv", INVOICES)
    write(exports, "2024-01-05/Payments.csv", PAYMENTS, payment(1))
    assert land(home, "billing", exports).covered_through == date(2024, 1, 5)


def test_a_feed_that_is_optional_when_empty_is_not_waited_for(home, exports):
    text = (SHIPPED / "kontor.yml").read_text()
    (home.config / "mappings").mkdir()
    own = home.config / "mappings" / "kontor.yml"
    own.write_text(text)
    write(exports, "2024-01-04/Payments.csv", PAYMENTS, payment(1))
    write(exports, "2024-01-05/Invoices.csv", INVOICES)
    assert land(home, "billing", exports).covered_through == date(2024, 1, 4)
    load_all(home)
    assert rows(home, "select * from raw.feeds_optional_when_empty") == []
    own.write_text(text.replace("file: Payments*", "optional_when_empty: true\n      file: Payments*"))
    assert land(home, "billing", exports).covered_through == date(2024, 1, 5)
    load_all(home)
    assert rows(home, "select * from raw.feeds_optional_when_empty") == [("kontor", "payments")]


@pytest.mark.parametrize("named", ["2024-01-06", "2024-01-06/Payments.csv"])
def test_a_withdrawn_delivery_covers_nothing(two_days: Home, exports: Path, named: str) -> None:
    settle(two_days, exports, f"withdrawn: [{named}]")
    assert covered_through(two_days, "billing") == date(2024, 1, 5)
    settle(two_days, exports)
    assert covered_through(two_days, "billing") == date(2024, 1, 6)


def test_where_all_is_withdrawn_nothing_is_covered_until_it_comes_again(
    two_days: Home, exports: Path
) -> None:
    settle(two_days, exports, "withdrawn: [2024-01-05, 2024-01-06]")
    assert land(two_days, "billing").covered_through is None
    assert covered_through(two_days, "billing") is None
    write(exports, "2024-01-07/Payments.csv", PAYMENTS, payment(7))
    assert land(two_days, "billing").covered_through == date(2024, 1, 7)


def test_a_day_that_was_withdrawn_is_covered_again_by_another_copy(two_days: Home, exports: Path) -> None:
    settle(two_days, exports, "withdrawn: [2024-01-06/Payments.csv]")
    write(exports, "corrected/2024-01-06/Payments.csv", PAYMENTS, payment(8))
    assert land(two_days, "billing").covered_through == date(2024, 1, 6)


@pytest.mark.parametrize(
    ("ended", "through"), [("2024-01-08", 6), ("2024-01-07", 7), ("2024-01-06", 7), ("2023-01-01", 7)]
)
def test_a_feed_is_waited_for_until_its_last_day(
    two_days: Home, exports: Path, ended: str, through: int
) -> None:
    write(exports, "2024-01-07/Payments.csv", PAYMENTS, payment(7))
    assert land(two_days, "billing").covered_through == date(2024, 1, 6)
    settle(two_days, exports, f"ended: {{invoices: {ended}}}")
    assert covered_through(two_days, "billing") == date(2024, 1, through)


def test_a_removed_source_is_not_waited_for(two_days: Home) -> None:
    (two_days.config / "sources.yml").write_text("sources: []\n")
    assert covered_through(two_days, "billing") is None


def test_while_the_declarations_do_not_hold_the_days_covered_stay(two_days: Home, exports: Path) -> None:
    settle(two_days, exports, "withdrawn: [2024-01-06", "oops: 1")
    assert covered_through(two_days, "billing") == date(2024, 1, 6)


def test_it_is_computed_again_after_a_change_only(
    two_days: Home, exports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(two_days, exports, "withdrawn: [2024-01-06]")
    assert covered_through(two_days, "billing") == date(2024, 1, 5)
    monkeypatch.setattr("thermocline.landing.coverage.note_covered", None)
    assert covered_through(two_days, "billing") == date(2024, 1, 5)
