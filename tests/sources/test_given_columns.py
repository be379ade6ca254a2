"""Columns of raw that no file gives: null without being stored, until one gives them."""

from datetime import datetime

from export_files import bring_in, load_all, quarantined, rows, write

BARE_LINES = "InvoiceNo,LineNo,ArticleNo,Description,Quantity,UnitPrice,Amount"


def stored(home):
    return {
        name
        for (name,) in rows(
            home,
            "select column_name from information_schema.columns where table_schema = 'raw' "
            "and table_name = 'invoice_lines' and is_generated = 'NEVER'",
        )
    }


def test_only_columns_that_files_give_are_stored(home, exports):
    given = {"invoice_id", "line_no", "product_code", "description", "quantity", "unit_price", "amount"}
    write(exports, "2024-01-05/InvoiceLines.csv", BARE_LINES, "R-1,1,A1,A thing,2,1.50,3.00")
    bring_in(home, exports)
    assert stored(home) == given | {"file_id", "source_row"}
    found = rows(home, "select invoice_id, description, country, issued_at, amount from raw.invoice_lines")
    assert [(*row[:4], float(row[4])) for row in found] == [("R-1", "A thing", None, None, 3.0)]


def test_a_column_that_a_later_file_gives_is_stored_from_then_on(home, exports):
    write(exports, "2024-01-05/invoice_lines.csv", "invoice_id,line_no,quantity,amount", "R-1,1,2,3.00")
    bring_in(home, exports)
    before = stored(home)
    with_country = "invoice_id,line_no,quantity,amount,country,issued_at"
    write(exports, "2024-01-06/invoice_lines.csv", with_country, "R-2,1,2,3.00,Norway,2024-01-06")
    assert bring_in(home, exports).rows_loaded == 1
    assert stored(home) - before == {"country", "issued_at"}
    lines = "select invoice_id, country, issued_at, due_at from raw.invoice_lines order by invoice_id"
    expected = [("R-1", None, None, None), ("R-2", "Norway", datetime(2024, 1, 6), None)]
    assert rows(home, lines) == expected
    assert load_all(home).files == 0, "another set of stored columns is no other layout"
    write(exports, "2024-01-07/invoice_lines.csv", "invoice_id,line_no,quantity,amount", "R-3,1,2,3.00")
    assert bring_in(home, exports).rows_loaded == 1
    assert rows(home, lines) == [*expected, ("R-3", None, None, None)]


def test_a_refused_record_shows_its_value_whatever_columns_are_stored(home, exports):
    write(
        exports,
        "2024-01-05/InvoiceLines.csv",
        BARE_LINES,
        "R-1,1,A1,A thing,2,1.50,3.00",
        "R-2,1,A1,A thing,two,1.50,3.00",
    )
    loaded = bring_in(home, exports)
    assert (loaded.rows_loaded, loaded.rows_quarantined) == (1, 1)
    assert [row[1:] for row in quarantined(home)] == [("quantity", "two", "is not a number")]
    assert rows(home, "select description from raw.invoice_lines") == [("A thing",)]
