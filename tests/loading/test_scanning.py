"""The quick way into raw and the careful one give the same rows, quarantine and figures."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from export_files import (
    LINES,
    PAYMENTS,
    bring_in,
    disconnect,
    land_all,
    line,
    load_all,
    payment,
    quarantined,
    rows,
    write,
    write_bytes,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from thermocline.errors import ThermoclineError
from thermocline.home import Home
from thermocline.loading import load, pieces, recording, scanning

CELLS = {
    "InvoiceNo": ["536365", "C1", "A2", " 7 ", "", "\u00a0", "é", "x\u00a0"],
    "StockCode": ["85123A", "\tA", "", "É"],
    "Description": ['"two\nlines"', '"a ""b"""', " padded ", "plain", "", "ü\u3000"],
    "Quantity": ["6", "-1", " 2 ", "1_000", "two", "", "9" * 40, "1e3"],
    "InvoiceDate": [
        "2024-01-05 08:26:00",
        "2024-07-05",
        "2024-07-05T10:00:00+05:30",
        "2024-7-5 1:2:3",
        "2024-07-05 10:00:00 Europe/Berlin",
        "24-07-05 10:00:00Z",
        "2024-13-01 10:00:00",
        "infinity",
        "0001-01-01",
        "",
    ],
    "UnitPrice": ["2.55", "0.0000005", "NaN", "1e400", ".5"],
    "CustomerID": ["17850.0", "17850", "", "NULL"],
    "Country": ["Norway", "", "É"],
}
good = {header: cells[:2] for header, cells in CELLS.items()}
records = st.one_of(
    st.tuples(*(st.sampled_from(cells) for cells in good.values())),
    st.tuples(*(st.sampled_from(cells) for cells in CELLS.values())),
    st.sampled_from([("ragged", " é "), ("1", " 2", "3", "4", "5", "6", "7", "8", "9")]),
)
files = st.lists(st.lists(records, max_size=12), min_size=1, max_size=4)

CONTENT = (
    "select * from raw.invoice_lines order by file_id, source_row",
    "select * from raw.quarantine order by file_id, source_row",
    "select * from raw.files order by file_id",
)


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    disconnect()


def content(home: Home, zone: str, **constants: Any) -> list[list[tuple[Any, ...]]]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in constants.items():
            module = next(m for m in (load, pieces, scanning) if hasattr(m, name))
            patch.setattr(module, name, value)
        load_all(home, zone)
    found = [rows(home, query) for query in CONTENT]
    disconnect()
    home.warehouse.unlink()
    return found


@settings(max_examples=6, deadline=None, derandomize=True)
@given(written=files, zone=st.sampled_from(["UTC", "Europe/London"]))
def test_any_way_of_reading_gives_the_same(tmp_path_factory, written, zone):
    root: Path = tmp_path_factory.mktemp("ways")
    for n, lines in enumerate(written):
        write(root / "exports", f"2024-01-{n + 1:02}.csv", LINES, *(",".join(cells) for cells in lines))
    home = Home(root / "home").prepare()
    land_all(home, root / "exports")
    quick = content(home, zone)
    assert quick == content(home, zone, scan=lambda *given: [(_nothing(given), given[2])])
    assert quick == content(home, zone, REREAD_BYTES=0)
    assert quick == content(home, zone, SPLIT_BYTES=0, REREAD_BYTES=0)
    assert quick == content(home, zone, ALONE_BYTES=0, REREAD_BYTES=0)


def _nothing(given: tuple[Any, ...]) -> Any:
    connection, conversion, *_ = given
    connection.execute("create or replace temp table nothing as select 1 as file_id, 1 as money")
    return scanning.Staged("nothing", conversion, [], {})


@pytest.mark.parametrize(
    ("ending", "encoding"),
    [("\n", "utf-8"), ("\r\n", "utf-8-sig"), ("\n", "latin-1"), ("\n", "cp1252"), ("\n", "utf-16")],
)
def test_a_large_file_is_read_in_pieces_with_every_number_right(home, exports, monkeypatch, ending, encoding):
    monkeypatch.setattr(pieces, "SPLIT_BYTES", 1000)
    monkeypatch.setattr(scanning, "REREAD_BYTES", 0)
    lines = [
        payment(n).replace("Transfer", f'"two{ending}linés, ""quoted"""') if n % 3 else payment(n)
        for n in range(1, 501)
    ]
    for n in (1, 250, 251, 252, 500):
        lines[n - 1] = f"Z-{n},ragged"
    lines[99] = payment(100, "unreadable")
    if encoding == "cp1252":
        lines[2] += "\u2019"
    text = ending.join([PAYMENTS, *lines, ""])
    write_bytes(exports, "a.csv", text.encode(encoding))
    bring_in(home, exports)
    assert rows(home, "select count(*) from raw.payments where method like 'two%linés, %'") == [(329,)]
    assert rows(home, "select count(*) from raw.payments where payment_id = 'Z-' || source_row") == [(494,)]
    assert rows(
        home, "select source_row from raw.quarantine where document_id = 'Z-' || source_row order by 1"
    ) == [(n,) for n in (1, 100, 250, 251, 252, 500)]


def test_a_file_that_duckdb_gives_up_on_is_read_carefully_and_the_others_once(home, exports, monkeypatch):
    write(exports, "2024-01-05.csv", LINES, line(1), line(2))
    write(exports, "2024-01-06.csv", LINES, line(3), line(4, quantity="two"))
    land_all(home, exports)
    scan, failed = scanning.scan, []

    def give_up_once(connection, conversion, arrivals, scratch):
        if not failed:
            failed.extend(arrivals)
            raise scanning.Unscannable(conversion, arrivals)
        assert arrivals == []
        return scan(connection, conversion, arrivals, scratch)

    monkeypatch.setattr(load, "scan", give_up_once)
    loaded = load_all(home)
    assert (loaded.rows_read, loaded.rows_loaded, loaded.rows_quarantined) == (4, 3, 1)
    assert rows(home, "select invoice_id, source_row from raw.invoice_lines order by 1") == [
        ("1", 1),
        ("2", 2),
        ("3", 1),
    ]


def test_a_refused_record_that_is_lost_stops_the_load(home, exports, monkeypatch):
    write(exports, "2024-01-05.csv", LINES, line(1), line(2, quantity="two"))
    land_all(home, exports)
    monkeypatch.setattr(recording, "_quarantine", lambda *_: None)
    with pytest.raises(ThermoclineError, match="2 read, 1 loaded, 0 quarantined"):
        load_all(home)
    assert rows(home, "select count(*) from raw.invoice_lines") == [(0,)]


def test_a_line_of_another_width_is_refused_in_the_one_scan(home, exports, monkeypatch):
    monkeypatch.setattr(load, "stage", None)
    write(exports, "a.csv", PAYMENTS, payment(1), "Z-2, ragged ", payment(3))
    write(exports, "b.csv", PAYMENTS, payment(4))
    bring_in(home, exports)
    assert rows(home, "select file_id, source_row, payment_id from raw.payments order by all") == [
        (1, 1, "Z-1"),
        (1, 3, "Z-3"),
        (2, 1, "Z-4"),
    ]
    assert quarantined(home) == [(2, None, "Z-2, ragged ", "has too few columns")]
