"""Excel workbooks: sheets, dates, numbers, formulas and merged cells become what Excel shows."""

import datetime as dt
import gzip
import io
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from export_files import (
    INVOICES,
    PAYMENTS,
    bring_in,
    connected,
    land_all,
    load_all,
    payment,
    quarantined,
    rows,
    write,
    write_bytes,
)

HEADER = PAYMENTS.split(",")


def record(number: object, amount: Any = 10, paid_on: Any = dt.date(2024, 1, 5)) -> list[Any]:
    cells: list[Any] = [*payment(number).split(",")]
    cells[3], cells[4] = paid_on, amount
    return cells


def workbook(sheets: dict[str, list[list[Any]]], change: Any = None) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, records in sheets.items():
        sheet = book.create_sheet(name)
        for cells in records:
            sheet.append(cells)
        if change:
            change(sheet)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def put(folder: Path, name: str, sheets: dict[str, list[list[Any]]], change: Any = None) -> None:
    write_bytes(folder, name, workbook(sheets, change))


def test_values_become_what_excel_shows(home, exports):
    records = [
        record(1, 0.1 + 0.2, dt.datetime(2024, 1, 5)),
        record(2, 1e-7 + 1234567.5, dt.datetime(2024, 7, 5, 10, 30)),
        record(3, "7.25", "2024-01-06"),
        record(17850.0, -3, dt.date(2023, 12, 31)),
    ]
    records[3][2] = 17850.0
    records[3][0] = True
    put(exports, "Payments.xlsx", {"Sheet1": [HEADER, *records]})
    bring_in(home, exports)
    assert rows(
        home, "select payment_id, customer_id, amount, paid_at from raw.payments order by source_row"
    ) == [
        ("Z-1", "K-1", Decimal("0.3"), dt.datetime(2024, 1, 5)),
        ("Z-2", "K-1", Decimal("1234567.5"), dt.datetime(2024, 7, 5, 10, 30)),
        ("Z-3", "K-1", Decimal("7.25"), dt.datetime(2024, 1, 6)),
        ("true", "17850", Decimal(-3), dt.datetime(2023, 12, 31)),
    ]


def test_a_workbook_loads_as_the_same_csv_does(home, exports):
    put(exports, "Payments.xlsx", {"Sheet1": [HEADER, *(record(n, n / 10) for n in range(300))]})
    write(exports, "Payments.csv", PAYMENTS, *(payment(n, n / 10) for n in range(300)))
    assert bring_in(home, exports).rows_loaded == 600
    query = (
        "select * exclude (file_id) from raw.payments join raw.files using (file_id) where source_file = ?"
    )
    table = "select * exclude (file_id) from raw.payments where file_id = ? order by source_row"
    ids = dict(rows(home, "select source_file, file_id from raw.files"))
    assert len(rows(home, query, "Payments.csv")) == 300
    assert rows(home, table, ids["Payments.csv"]) == rows(home, table, ids["Payments.xlsx#Sheet1"])


def test_a_packed_workbook_is_the_same_file(home, exports):
    content = workbook({"S": [HEADER, record(1)]})
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("inside.xlsx", content)
    write_bytes(exports, "a.xlsx", content)
    write_bytes(exports, "a.xlsx.gz", gzip.compress(content))
    write_bytes(exports, "b.zip", archive.getvalue())
    billing = land_all(home, exports)[1]
    assert (billing.landed, billing.already, billing.left_out) == (1, 2, {})
    assert load_all(home).rows_loaded == 1


def test_every_sheet_with_a_known_header_comes_in_and_the_others_are_named(home, exports):
    put(
        exports,
        "Export.xlsx",
        {
            "Zahlungen": [HEADER, record(1)],
            "Rechnungen": [
                INVOICES.split(","),
                ["R-1", "K-1", "2024-01-05", None, "EUR", 7, "Open", None],
            ],
            "Notes": [["written", "by"], ["me", "you"]],
            "Empty": [],
        },
    )
    billing = land_all(home, exports)[1]
    assert billing.landed == 2
    assert billing.left_out == {
        "Export.xlsx": "has parts that aren't taken: '#Notes' matches no mapping (columns: written, by)"
    }
    load_all(home)
    assert rows(home, "select source_file, rows_loaded from raw.files order by 1") == [
        ("Export.xlsx#Rechnungen", 1),
        ("Export.xlsx#Zahlungen", 1),
    ]
    assert len(list(home.landing.glob("??/*.xlsx"))) == 1
    billing = land_all(home, exports)[1]
    assert (billing.landed, len(billing.left_out)) == (0, 1)


def test_a_mapping_may_name_the_sheet(home, exports):
    (home.config / "mappings").mkdir()
    (home.config / "mappings" / "own.yml").write_text(
        "name: own\ntitle: Own\nsystem: billing\nfeeds:\n- feed: payments\n  sheet: data\n  columns:\n"
        "    payment_id: {from: No, required: true}\n    paid_at: {from: Day, required: true}\n"
        "    amount: Sum\n"
    )
    table = [["No", "Day", "Sum"], [1, "2024-01-05", 2]]
    put(exports, "own.xlsx", {"Draft": [*table, table[1]], "Data": table})
    assert list(land_all(home, exports)[1].left_out) == ["own.xlsx"]
    assert load_all(home).rows_loaded == 1
    assert rows(home, "select source_file from raw.files") == [("own.xlsx#Data",)]


def test_titles_above_blank_rows_and_merged_cells(home, exports):
    def merge(sheet):
        sheet.merge_cells("A1:G1")
        sheet.merge_cells("E5:E6")

    put(
        exports,
        "Payments.xlsx",
        {"S": [["Payments of January"], [], HEADER, record(1), record(2, 5), record(3, 5), [], record(4)]},
        merge,
    )
    bring_in(home, exports)
    assert rows(home, "select source_row, payment_id, amount from raw.payments order by 1") == [
        (1, "Z-1", 10),
        (2, "Z-2", 5),
        (4, "Z-4", 10),
    ]
    assert quarantined(home) == [(3, "amount", None, "is blank")]


def test_a_formula_that_was_never_worked_out_refuses_its_record_by_cell(home, exports):
    def formulas(sheet):
        sheet["E3"] = "=SUM(1, 2)"
        for column in "ABCDEFG":
            sheet[f"{column}5"] = "=1+1"

    put(exports, "P.xlsx", {"S": [HEADER, record(1), record(2), record(3)]}, formulas)
    bring_in(home, exports)
    assert rows(home, "select source_row from raw.payments order by 1") == [(1,), (3,)]
    assert quarantined(home) == [
        (2, None, "E3: =SUM(1, 2)", "has a formula without a value"),
        (4, None, "A5: =1+1", "has a formula without a value"),
    ]


def test_errors_and_hostile_cells_are_data(home, exports):
    put(
        exports,
        "P.xlsx",
        {
            "'; drop table raw.files; --": [
                HEADER,
                record(1, "#REF!"),
                record("'; drop table raw.payments; --"),
                record("_x0000_"),
                [*record(4), "beyond"],
            ]
        },
    )
    bring_in(home, exports)
    assert rows(home, "select payment_id from raw.payments") == [("Z-'; drop table raw.payments; --",)]
    assert quarantined(home) == [
        (1, "amount", "#REF!", "is not a number"),
        (3, None, "Z-\0", "holds a NUL byte"),
        (4, None, "Z-4,R-4,K-1,2024-01-05,10,EUR,Transfer,beyond", "has too many columns"),
    ]
    assert connected(home).execute("select count(*) from raw.files").fetchone() == (1,)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (workbook({"S": [HEADER, record(1)]})[:-200], "isn't a whole zip file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "is an old or encrypted Excel workbook"),
        (workbook({"S": []}), "is empty"),
    ],
    ids=["cut short", "old or encrypted", "empty"],
)
def test_a_workbook_that_cannot_be_read_is_left_out(home, exports, content, reason):
    write(exports, "good.csv", PAYMENTS, payment(1))
    write_bytes(exports, "bad.xlsx", content)
    assert land_all(home, exports)[1].left_out["bad.xlsx"].startswith(reason)
