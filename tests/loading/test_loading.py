"""Loading as a whole: what comes in once, what is all or nothing, and what stops it."""

import pytest
from export_files import (
    INVOICES,
    PAYMENTS,
    bring_in,
    disconnect,
    land_all,
    load_all,
    payment,
    rows,
    write,
    write_bytes,
)
from thermocline import warehouse
from thermocline.errors import ContentChanged, InputError, ThermoclineError
from thermocline.loading import recording
from thermocline.loading.load import load
from thermocline.mapping import canonical


def test_every_raw_table_exists_even_when_nothing_has_landed(home):
    assert load_all(home).files == 0
    found = {
        name
        for (name,) in rows(
            home, "select table_name from information_schema.tables where table_schema = 'raw'"
        )
    }
    assert found == {
        *canonical.TABLES, "files", "record_days", "deliveries", "quarantine", "excluded",
        "unmapped_columns", "looked_up_columns",
        "withdrawn", "ended_feeds", "feeds_optional_when_empty", "layout",
    }  # fmt: skip


def test_a_second_load_adds_nothing_and_a_third_file_only_itself(home, exports):
    write(exports, "2024-01-05/Payments.csv", PAYMENTS, payment(1))
    write(exports, "2024-01-06/Payments.csv", PAYMENTS, payment(2), payment(3))
    assert bring_in(home, exports).rows_loaded == 3
    assert load_all(home).files == 0
    write(exports, "2024-01-07/Payments.csv", PAYMENTS, payment(4))
    loaded = bring_in(home, exports)
    assert (loaded.files, loaded.rows_loaded) == (1, 1)
    assert len(rows(home, "select * from raw.payments")) == 4


def test_encodings_and_line_ends_make_no_difference(home, exports):
    encodings = ["utf-8", "utf-8-sig", "utf-16", "utf-32", "latin-1", "windows-1252"]
    for encoding in encodings:
        for ending in ("\n", "\r\n"):
            method = "\x81Überweisung" if encoding == "latin-1" else "“Überweisung”"
            text = ending.join([PAYMENTS, payment(encoding).replace("Transfer", method), ""])
            write_bytes(exports, f"{encoding}{len(ending)}.csv", text.encode(encoding))
    assert bring_in(home, exports).rows_loaded == 12
    assert rows(
        home,
        """
        select encoding, count(*), count(distinct payment_id), min(method), max(method)
        from raw.payments join raw.files using (file_id) group by 1 order by 1""",
    ) == [
        ("latin-1", 2, 1, "\x81Überweisung", "\x81Überweisung"),
        *(
            (encoding, count, ids, "“Überweisung”", "“Überweisung”")
            for encoding, count, ids in (
                ("utf-16", 2, 1),
                ("utf-32", 2, 1),
                ("utf-8", 4, 2),
                ("windows-1252", 2, 1),
            )
        ),
    ]
    assert not (home.scratch / "loading").exists()


def test_the_order_of_rows_files_and_landings_makes_no_difference(home, exports, tmp_path):
    cells = [payment(n, f"{n}.25") for n in range(40)] + ["Z-x,,,bad,1,EUR,"]
    write(exports, "2024-01-05/a.csv", PAYMENTS, *cells[:20])
    write(exports, "2024-01-06/b.csv", PAYMENTS, *cells[20:])
    bring_in(home, exports)
    other, shuffled = type(home)(tmp_path / "other").prepare(), tmp_path / "shuffled"
    write(shuffled, "2024-01-06/b.csv", PAYMENTS, *reversed(cells[20:]))
    bring_in(other, shuffled)
    write(shuffled, "2024-01-05/a.csv", PAYMENTS, *reversed(cells[:20]))
    bring_in(other, shuffled)
    content = """
        select delivery_key, payments.* exclude (file_id, source_row)
        from raw.payments join raw.files using (file_id) order by all"""
    figures = """
        select delivery_key, rows_read, rows_loaded, rows_quarantined, money_read, money_loaded,
            money_quarantined from raw.files order by all"""
    assert rows(home, content) == rows(other, content)
    assert rows(home, figures) == rows(other, figures)


def test_the_session_keeps_its_settings(home, exports):
    write(exports, "Payments.csv", PAYMENTS, payment(1))
    land_all(home, exports)
    with warehouse.connect(home) as connection:
        connection.execute("set preserve_insertion_order = false")
        connection.execute("set TimeZone = 'Asia/Tokyo'")
        load(home, connection, "UTC")
        assert connection.execute(
            "select current_setting('preserve_insertion_order'), current_setting('TimeZone')"
        ).fetchone() == (False, "Asia/Tokyo")
        assert connection.execute(
            "select count(*) from information_schema.tables where table_name like 'staged%'"
        ).fetchone() == (0,)


def test_a_load_is_all_or_nothing(home, exports, monkeypatch):
    write(exports, "2024-01-05/Payments.csv", PAYMENTS, payment(1))
    write(exports, "2024-01-05/Invoices.csv", INVOICES, "R-1,K-1,2024-01-05,,EUR,5,Open,")
    land_all(home, exports)
    monkeypatch.setattr(recording, "_quarantine_rejects", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        load_all(home)
    assert rows(home, "select count(*) from raw.files") == [(0,)]
    assert rows(home, "select count(*) from raw.payments") == [(0,)]
    monkeypatch.undo()
    assert load_all(home).files == 2


def test_a_landed_copy_that_lost_bytes_stops_the_load(home, exports):
    write(exports, "2024-01-05/Payments.csv", PAYMENTS, payment(1), payment(2))
    land_all(home, exports)
    [copy] = home.landing.glob("??/*")
    content = copy.read_bytes()
    copy.chmod(0o644)
    copy.write_bytes(content[: content.rindex(b"Z-2")])
    with pytest.raises(ContentChanged, match=r"2024-01-05/Payments\.csv.*instead of"):
        load_all(home)
    copy.unlink()
    with pytest.raises(ContentChanged, match="has None bytes"):
        load_all(home)
    assert rows(home, "select count(*) from raw.files") == [(0,)]


def test_a_mapping_that_is_gone_is_named(home, exports):
    write(exports, "Payments.csv", PAYMENTS, payment(1))
    (home.config / "mappings").mkdir()
    own = home.config / "mappings" / "own.yml"
    own.write_text(
        "name: an_own\ntitle: Own\nsystem: billing\nfeeds:\n- feed: payments\n  file: P*\n  columns:\n"
        "    payment_id: {from: PaymentNo, required: true}\n    paid_at: PaidOn\n"
        "    amount: Amount\n    currency: {from: Currency, required: true}\n"
        "    method: {from: Method, required: true}\n    invoice_id: {from: InvoiceNo, required: true}\n"
        "    customer_id: {from: CustomerNo, required: true}\n"
    )
    land_all(home, exports)
    own.unlink()
    with pytest.raises(InputError, match=r"sources\[1\].mapping: expected one of .*, not 'an_own'"):
        load_all(home)


def test_a_warehouse_of_another_landing_is_refused(home, exports):
    write(exports, "2024-01-05/Payments.csv", PAYMENTS, payment(1))
    bring_in(home, exports)
    for file in home.landing.glob("manifest.sqlite*"):
        file.unlink()
    write(exports, "2024-01-04/Payments.csv", PAYMENTS, payment(0))
    land_all(home, exports)
    with pytest.raises(ThermoclineError, match="restore landing/ or remove the warehouse"):
        load_all(home)
    disconnect()
    home.warehouse.unlink()
    assert load_all(home).files == 2
