"""Files loaded by an earlier mapping, zone or list of sources are loaded as those in force say."""

from pathlib import Path

import pytest
from export_files import PAYMENTS as HEADER
from export_files import land_all, load_all, payment, rows, write
from thermocline.errors import InputError
from thermocline.home import Home
from thermocline.landing.catalogue import sources
from thermocline.loading.load import Loaded
from thermocline.mapping.files import SHIPPED

KONTOR = (SHIPPED / "kontor.yml").read_text(encoding="utf-8")


@pytest.fixture
def loaded(home: Home, exports: Path) -> Home:
    write(exports, "2024-01-05/Payments.csv", HEADER, payment(1), payment(2))
    write(exports, "2024-01-06/Payments.csv", HEADER, payment(1, "11.00"))
    (home.config / "mappings").mkdir()
    declare(home, KONTOR)
    settle(home, exports)
    land_all(home)
    assert load_all(home) == Loaded(files=2, rows_read=3, rows_loaded=3)
    return home


def declare(home: Home, mapping: str) -> None:
    (home.config / "mappings" / "kontor.yml").write_text(mapping)


def settle(home: Home, exports: Path, *keys: str) -> None:
    source = ", ".join(["mapping: kontor", f"location: {exports}", *keys])
    (home.config / "sources.yml").write_text(f"sources:\n- {{{source}}}\n")


def payments(home: Home) -> list[tuple]:
    return rows(home, "select payment_id, amount::varchar, paid_at::varchar from raw.payments order by all")


def test_a_changed_mapping_reloads_its_files_and_no_others(loaded: Home) -> None:
    assert load_all(loaded) == Loaded()
    head, tail = KONTOR.split("    - feed: payments\n")
    amount = "amount: {from: Amount, required: true"
    changed = f"{head}    - feed: payments\n" + tail.replace(amount, f"{amount}, negate: true")
    declare(loaded, changed)
    again = load_all(loaded)
    assert (again.files, again.reloaded, again.rows_read) == (0, 2, 3)
    assert [amount for _, amount, _ in payments(loaded)] == ["-10.0000", "-11.0000", "-10.0000"]
    assert rows(loaded, "select count(*), count(distinct file_id) from raw.files") == [(2, 2)]
    declare(loaded, changed.replace("feed: exchange_rates\n", "feed: exchange_rates\n      name: rates\n"))
    assert load_all(loaded) == Loaded()


def test_another_time_zone_reloads_the_files(loaded: Home) -> None:
    assert payments(loaded)[0][2] == "2024-01-05 00:00:00"
    assert load_all(loaded, "Europe/Berlin").reloaded == 2
    assert payments(loaded)[0][2] == "2024-01-04 23:00:00"


def test_what_a_source_says_of_its_files_wins_over_the_mapping(loaded: Home, exports: Path) -> None:
    settle(loaded, exports, "expected_every_days: 30", "mode: snapshot")
    load_all(loaded)
    assert rows(loaded, "select distinct expected_every_days, mode from raw.files") == [(30, "snapshot")]


def test_another_delivery_key_moves_files_to_their_deliveries(loaded: Home) -> None:
    by_month = KONTOR.replace(r"(\d{4}-\d{2}-\d{2})/", r"(\d{4}-\d{2})-\d{2}/").replace(
        "    covers: key\n", ""
    )
    declare(loaded, by_month)
    load_all(loaded)
    assert rows(loaded, "select distinct delivery_key, covers_on from raw.files") == [("2024-01", None)]
    assert rows(loaded, "select distinct delivery_key from raw.deliveries") == [("2024-01",)]


@pytest.mark.parametrize("by", ["key", "path", "sha256"])
def test_a_delivery_is_withdrawn_by_key_path_or_hash(loaded: Home, exports: Path, by: str) -> None:
    path = "2024-01-06/Payments.csv"
    [(sha256,)] = rows(loaded, "select sha256 from raw.files where source_file = ?", path)
    named = {"key": "2024-01-06", "path": path, "sha256": sha256}[by]
    settle(loaded, exports, f"withdrawn: [{named}]")
    assert load_all(loaded) == Loaded(withdrawn=1)
    assert [amount for _, amount, _ in payments(loaded)] == ["10.0000", "10.0000"]
    assert rows(loaded, "select * from raw.withdrawn") == [("kontor", path, "2024-01-06", sha256)]
    assert load_all(loaded) == Loaded()
    settle(loaded, exports)
    assert load_all(loaded).files == 1
    assert len(payments(loaded)) == 3


def test_an_ended_feed_is_kept_with_its_last_day(loaded: Home, exports: Path) -> None:
    settle(loaded, exports, "ended: {payments: 2024-01-06}")
    load_all(loaded)
    assert rows(loaded, "select source, feed, ended_on::varchar from raw.ended_feeds") == [
        ("kontor", "payments", "2024-01-06")
    ]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("ended: {paiments: 2024-01-06}", "sources[1].ended.paiments: expected one of the feeds"),
        ("ended: {payments: soon}", "sources[1].ended.payments: expected the feed's last day"),
        ("dates: european", "sources[1].dates: expected one of iso, day_first, month_first, unix"),
        ("currency: Euro", "sources[1].currency: expected a currency's code"),
        ("timezone: Mars/Base", "sources[1].timezone: expected `reporting` or an IANA zone"),
        ("widthdrawn: [x]", "sources[1].widthdrawn: expected one of the keys mapping, location, name"),
    ],
)
def test_a_wrong_word_in_sources_yml_is_named_with_its_place(
    home: Home, exports: Path, said: str, expected: str
) -> None:
    settle(home, exports, said)
    with pytest.raises(InputError) as refusal:
        sources(home)
    assert str(refusal.value).startswith(f"{home.config / 'sources.yml'}, line 2, {expected}")


def test_amounts_without_a_currency_are_in_that_of_the_source(home: Home, exports: Path) -> None:
    write(exports, "2024-01-05/Payments.csv", HEADER, payment(1), payment(2).replace("EUR", ""))
    settle(home, exports, "currency: SEK")
    land_all(home)
    load_all(home)
    assert rows(home, "select payment_id, currency from raw.payments order by 1") == [
        ("Z-1", "EUR"),
        ("Z-2", "SEK"),
    ]


DATES = {
    "day_first": {
        "03/04/2011": "2011-04-03 00:00:00",
        "3.4.2011 14:05": "2011-04-03 14:05:00",
        "2011-04-03": "2011-04-03 00:00:00",
        "04/31/2011": None,
    },
    "month_first": {
        "03/04/2011": "2011-03-04 00:00:00",
        "12/31/2011 02:05 PM": "2011-12-31 14:05:00",
        "12/31/2011 12:05:09 AM": "2011-12-31 00:05:09",
        "31/04/2011": None,
    },
    "unix": {
        "1301788800": "2011-04-03 00:00:00",
        "1301788800123": "2011-04-03 00:00:00.123",
        "/Date(1301788800000+0000)/": "2011-04-03 00:00:00",
        "2011-04-03": "2011-04-03 00:00:00",
        "123": None,
    },
    "iso": {"2011-04-03": "2011-04-03 00:00:00", "03/04/2011": None, "25/04/2011": None, "01/09/21": None},
}


@pytest.mark.parametrize("dates", DATES)
def test_dates_are_read_as_declared_and_never_guessed(home: Home, exports: Path, dates: str) -> None:
    read = DATES[dates]
    lines = [payment(n, paid_on=written) for n, written in enumerate(read)]
    write(exports, "2024-01-05/Payments.csv", HEADER, *lines)
    settle(home, exports, f"dates: {dates}")
    land_all(home)
    load_all(home)
    assert dict(rows(home, "select source_row - 1, paid_at::varchar from raw.payments")) == {
        n: moment for n, moment in enumerate(read.values()) if moment
    }
    refused = dict(rows(home, "select value, reason from raw.quarantine"))
    assert set(refused) == {written for written, moment in read.items() if moment is None}
    if dates == "iso":
        assert all("declare `dates: day_first` or `dates: month_first`" in r for r in refused.values())
