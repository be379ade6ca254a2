"""Which day a build screens, by what the loaded files declare and hold."""

from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta

import duckdb
import pytest
from thermocline.building.screening_day import Day, day_to_screen, without_lonely
from thermocline.errors import InputError
from thermocline.mapping.canonical import create_raw

LAST = date(2026, 6, 30)


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with closing(duckdb.connect(":memory:")) as opened:
        create_raw(opened)
        yield opened


def file(
    connection: duckdb.DuckDBPyConnection,
    *days: date,
    system: str = "billing",
    covers_on: date | None = None,
) -> int:
    (number,) = connection.execute("select count(*) + 1 from raw.files").fetchone() or (1,)
    connection.execute(
        "insert into raw.files by name select ? as file_id, ? as system, ? as covers_on, ? as source_file, "
        "? as first_record_on, ? as last_record_on, ? as rows_read",
        [
            number,
            system,
            covers_on,
            f"{number}.csv",
            min(days, default=None),
            max(days, default=None),
            len(days),
        ],
    )
    for day in days:
        connection.execute("insert into raw.record_days values (?, ?, 1, 1)", [number, day])
    return int(number)


def days(count: int, start: date = date(2026, 1, 1)) -> list[date]:
    return [start + timedelta(days=number) for number in range(count)]


@pytest.mark.parametrize(
    ("dated", "expected"),
    [
        ([date(2026, 6, 15), date(2026, 6, 30)], date(2026, 6, 30)),
        ([date(2026, 6, 15), date(2026, 7, 1)], date(2026, 6, 15)),
        ([date(2026, 6, 15), date(2062, 6, 15)], date(2026, 6, 15)),
    ],
)
def test_a_record_of_the_future_does_not_decide_the_day(connection, dated, expected):
    file(connection, *dated)
    assert day_to_screen(connection, None, LAST) == expected


@pytest.mark.parametrize(
    ("declared", "expected"), [(date(2026, 6, 30), date(2026, 6, 30)), (date(2026, 7, 1), date(2026, 6, 15))]
)
def test_a_file_can_not_declare_a_day_of_the_future(connection, declared, expected):
    file(connection, date(2026, 6, 15), covers_on=declared)
    assert day_to_screen(connection, None, LAST) == expected


def test_every_system_covers_the_day_with_what_it_declares_and_holds(connection):
    file(connection, date(2026, 6, 29), covers_on=date(2026, 6, 28))
    file(connection, date(2026, 6, 20), date(2027, 3, 1), system="crm")
    assert day_to_screen(connection, None, LAST) == date(2026, 6, 20)


@pytest.mark.parametrize(
    ("as_of", "words"),
    [
        (date(2025, 12, 31), "before the first record, which is of 2026-01-01"),
        (date(2026, 1, 1), None),
        (date(2026, 7, 1), None),
        (date(2026, 7, 2), "2026-07-02 lies in the future, the last whole day is 2026-06-30"),
    ],
)
def test_a_named_day_lies_between_the_first_record_and_the_day_that_has_begun(connection, as_of, words):
    file(connection, date(2026, 1, 1), date(2062, 6, 15))
    if words is None:
        assert day_to_screen(connection, as_of, LAST) == as_of
    else:
        with pytest.raises(InputError, match=words):
            day_to_screen(connection, as_of, LAST)


@pytest.mark.parametrize(
    ("others", "gap", "expected"),
    [(10, 366, date(2026, 1, 10)), (10, 365, None), (9, 366, None), (10, 2000, date(2026, 1, 10))],
)
def test_a_single_record_long_after_all_others_does_not_decide_the_day(connection, others, gap, expected):
    said: list[str] = []
    known = days(others)
    odd = known[-1] + timedelta(days=gap)
    file(connection, *known, odd)
    found = day_to_screen(connection, None, date(2040, 1, 1), said.append)
    assert found == (expected or odd)
    assert bool(said) is (expected is not None)
    if said:
        assert said == [
            f"1 billing records from {odd} on lie {gap} days after all others and don't decide the day: "
            "correct their dates, or name the day to screen (AS_OF)"
        ]


def test_what_is_lonely_is_counted_in_records_and_one_after_the_other():
    base = [Day(date(2011, 1, 1), 1999), Day(date(2011, 12, 9), 1)]
    assert without_lonely([*base, Day(date(2013, 1, 1), 2)]) == base
    assert without_lonely([*base, Day(date(2013, 1, 1), 3)])[-1] == Day(date(2013, 1, 1), 3)
    assert without_lonely([*base, Day(date(2013, 1, 1), 1), Day(date(2015, 1, 1), 1)]) == base
    assert without_lonely([]) == []


def test_another_feed_of_the_system_with_such_days_lets_a_record_count(connection):
    known = days(20)
    file(connection, *known, date(2030, 1, 1))
    file(connection, *days(30, date(2029, 12, 1)))
    assert day_to_screen(connection, None, date(2040, 1, 1)) == date(2030, 1, 1)


def test_what_is_missing_is_named(connection):
    with pytest.raises(InputError, match="nothing has been landed yet"):
        day_to_screen(connection, None, LAST)
    number = file(connection)
    with pytest.raises(
        InputError, match=r"the 1 files that were landed hold no dated record \(0 rows read\)"
    ):
        day_to_screen(connection, LAST, LAST)
    connection.execute("update raw.files set rows_read = 2")
    for row in (1, 2):
        connection.execute(
            "insert into raw.quarantine values (?, ?, null, 'total', '12,50', 'is not a number', null)",
            [number, row],
        )
    with pytest.raises(
        InputError, match=r"2 of 2 rows are quarantined, most because total is not a number \(1\.csv\)"
    ):
        day_to_screen(connection, None, LAST)


def test_records_of_the_future_alone_are_no_day(connection):
    file(connection, date(2026, 7, 1))
    with pytest.raises(
        InputError, match=r"dated by 2026-06-30, the last whole day: the first record is of 2026-07-01"
    ):
        day_to_screen(connection, None, LAST)
