"""Days and hours are the company's, not the machine's."""

from datetime import UTC, date, datetime

import pytest
from run_contexts import settle
from thermocline.errors import InputError
from thermocline.home import Home
from thermocline.orchestration.calendar import last_whole_day, screening_time


def test_a_day_is_screened_at_six_of_the_next_in_utc_unless_the_company_says_otherwise(
    home: Home,
) -> None:
    assert screening_time(home, date(2026, 3, 28)) == datetime(2026, 3, 29, 6, tzinfo=UTC)
    settle(home, "Asia/Tokyo", 4)
    assert screening_time(home, date(2026, 3, 28)) == datetime(2026, 3, 28, 19, tzinfo=UTC)


def test_the_hour_is_the_clocks_where_the_clock_is_changed(home: Home) -> None:
    settle(home, "Europe/Berlin", 6)
    assert screening_time(home, date(2026, 3, 27)) == datetime(2026, 3, 28, 5, tzinfo=UTC)
    assert screening_time(home, date(2026, 3, 28)) == datetime(2026, 3, 29, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Pacific/Auckland", date(2026, 3, 28)),
        ("UTC", date(2026, 3, 27)),
        ("America/Los_Angeles", date(2026, 3, 27)),
    ],
)
def test_the_last_whole_day_ends_at_the_companys_midnight(home: Home, zone: str, day: date) -> None:
    settle(home, zone)
    assert last_whole_day(home, datetime(2026, 3, 28, 20, tzinfo=UTC)) == day


def test_an_unreadable_hour_is_refused(home: Home) -> None:
    (home.config / "company.yml").write_text("reporting_currency: EUR\nscreening_hour: noon\n")
    with pytest.raises(InputError, match=r"company\.yml.*screening_hour"):
        screening_time(home, date(2026, 3, 28))
