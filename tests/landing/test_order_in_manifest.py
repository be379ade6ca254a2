"""The manifest keeps by which landing, and when, a path came to hold its content."""

import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest
from export_files import PAYMENTS, land_all, load_all, payment, rows, write
from thermocline.home import Home
from thermocline.landing import manifest
from thermocline.landing.catalogue import adopt
from thermocline.landing.land import land
from thermocline.landing.standing import place_of
from thermocline.loading.checking import check, render
from thermocline.mapping.files import load_mappings


def places(home: Home) -> dict[str, int]:
    load_all(home)
    return dict(rows(home, "select source_file, landed_in from raw.files"))


def amount(home: Home) -> list[tuple]:
    load_all(home)
    return rows(
        home,
        "select amount::varchar from raw.payments join raw.files using (file_id) "
        "order by stated_on desc, landed_in desc limit 1",
    )


def test_a_path_that_changes_and_changes_back_states_each_content_again(home: Home, exports: Path) -> None:
    for landed_in, said in enumerate(("10.00", "11.00", "10.00"), start=1):
        write(exports, "payments.csv", PAYMENTS, payment(1, said))
        land(home, "billing", exports)
        assert places(home)["payments.csv"] in (landed_in, 2, 3)
        assert amount(home) == [(f"{said}00",)]
    assert sorted(rows(home, "select landed_in from raw.files")) == [(2,), (3,)]


def test_a_file_that_is_touched_or_looked_for_elsewhere_keeps_its_place(home: Home, exports: Path) -> None:
    first = write(exports, "payments.csv", PAYMENTS, payment(1))
    land(home, "billing", exports)
    write(exports, "payments (1).csv", PAYMENTS, payment(1, "11.00"))
    land(home, "billing")
    expected = {"payments.csv": 1, "payments (1).csv": 2}
    assert places(home) == expected
    os.utime(first, (1_700_000_000, 1_700_000_000))
    land(home, "billing")
    assert places(home) == expected
    moved = exports.parent / "moved"
    moved.mkdir()
    for name in expected:
        (moved / name).write_bytes((exports / name).read_bytes())
    land(home, "billing", moved, settle_seconds=0)
    assert places(home) == expected


def test_the_same_content_of_a_later_day_is_the_later_statement_until_it_is_withdrawn(
    home: Home, exports: Path
) -> None:
    for day, said in ((1, "10.00"), (2, "11.00"), (3, "10.00")):
        write(exports, f"2024-06-0{day}/payments.csv", PAYMENTS, payment(1, said))
    adopt(home, exports)
    land_all(home)
    assert amount(home) == [("10.0000",)]
    sources = home.config / "sources.yml"
    sources.write_text(sources.read_text() + "  withdrawn: ['2024-06-03']\n")
    assert amount(home) == [("11.0000",)]


def test_a_manifest_of_an_earlier_version_keeps_the_order_of_its_minutes(home: Home, exports: Path) -> None:
    for number in (1, 2, 3):
        write(exports, f"{number}.csv", PAYMENTS, payment(number))
    land(home, "billing", exports)
    with closing(sqlite3.connect(home.landing / "manifest.sqlite")) as book:
        book.executescript(
            "alter table deliveries drop column landed_in; alter table deliveries drop column stated_at; "
            "update files set landed_at = '2024-01-02T08:00:00.000Z'; "
            "update files set landed_at = '2024-01-01T08:00:00.000Z' where file_id = 3"
        )
    with manifest.opened(home) as book:
        assert [(d.file_id, d.landed_in, f"{d.stated_at:%Y-%m-%d}") for d in book.deliveries()] == [
            (1, 2, "2024-01-02"),
            (2, 2, "2024-01-02"),
            (3, 1, "2024-01-01"),
        ]
    write(exports, "4.csv", PAYMENTS, payment(4))
    land(home, "billing")
    assert places(home)["4.csv"] == 3


def test_a_manifest_of_an_earlier_version_keeps_what_its_files_declare(home: Home, exports: Path) -> None:
    for number in (1, 2):
        write(exports, f"{number}.csv", PAYMENTS, payment(number))
    land(home, "billing", exports)
    with closing(sqlite3.connect(home.landing / "manifest.sqlite")) as book:
        book.executescript(
            "update files set expected_every_days = 7; alter table files rename column mode to extent; "
            "alter table files rename column expected_every_days to rhythm_days; "
            "update files set extent = iif(file_id = 1, 'full', 'changes')"
        )
    for _ in range(2):
        with manifest.opened(home) as book:
            assert [(file.mode, file.expected_every_days) for file in book.files()] == [
                ("snapshot", 7),
                ("delta", 7),
            ]


def test_the_check_names_files_that_nothing_orders(exports: Path) -> None:
    write(exports, "invoices 30.06.2026.csv", PAYMENTS, payment(1))
    write(exports, "payments.csv", PAYMENTS, payment(2))
    write(exports, "2024-06-01/payments.csv", PAYMENTS, payment(3))
    dated, figures, undated = render(check(exports)).splitlines()[1:]
    assert "date" not in dated.split("-06-01/payments.csv")[1]
    assert "30.06.2026 in its path is no date unless `delivery_dates` says" in figures
    assert "no date in its path" in undated


def test_a_path_dated_far_ahead_does_not_outrank_what_comes_later(home: Home, exports: Path) -> None:
    write(exports, "payments-2099-06-30.csv", PAYMENTS, payment(1, "10.00"))
    land_all(home, exports)
    assert amount(home) == [("10.0000",)]
    write(exports, "payments.csv", PAYMENTS, payment(1, "11.00"))
    land_all(home, exports)
    assert amount(home) == [("11.0000",)]


@pytest.mark.parametrize(("seen", "is_dated"), [("2026-05-30", True), ("2026-05-29", False)])
def test_a_declared_day_lies_at_most_a_month_after_it_was_first_seen(
    home: Home, exports: Path, seen: str, is_dated: bool
) -> None:
    write(exports, "payments-2026-06-30.csv", PAYMENTS, payment(1))
    land_all(home, exports)
    mappings = load_mappings()
    with manifest.opened(home) as found:
        [file], [delivery] = found.files(), found.deliveries()
    delivery = replace(delivery, stated_at=datetime.fromisoformat(f"{seen}T10:00:00+00:00"))
    place = place_of(delivery, file, mappings, "UTC")
    assert place.is_dated == is_dated
    assert place.stated_on == (date(2026, 6, 30) if is_dated else date.fromisoformat(seen))
