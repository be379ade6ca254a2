from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from export_files import (
    ACCOUNTS,
    CREDIT_NOTES,
    INVOICES,
    LINES,
    PAYMENTS,
    TASKS,
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
from thermocline import warehouse
from thermocline.errors import ContentChanged, InputError, ThermoclineError
from thermocline.home import Home
from thermocline.sources import canonical, recording
from thermocline.sources.conversion import NO_DATE_ORDER
from thermocline.sources.loading import load
from thermocline.sources.mapping_files import SHIPPED


def test_every_raw_table_exists_even_when_nothing_has_landed(home):
    assert load_all(home).files == 0
    found = {
        name
        for (name,) in rows(
            home, "select table_name from information_schema.tables where table_schema = 'raw'"
        )
    }
    assert found == {
        *canonical.TABLES, "files", "deliveries", "quarantine", "not_taken", "unmapped_columns",
        "withdrawn", "ended_feeds", "feeds_only_with_records", "unswept", "layout",
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


def test_lines_become_typed_rows_with_their_document(home, exports):
    write(
        exports,
        "2024-01-05.csv",
        LINES,
        "536365,85123A, HEART ,6,2024-01-05 08:26:00,2.55,17850.0,United Kingdom",
        "C536379,D,Discount,-1,2024-07-05 09:41:00,27.5,,",
        "A563185,B,Adjust bad debt,1,2024-01-05 14:50:00,-11062.06,,United Kingdom",
    )
    bring_in(home, exports, "Europe/London")
    assert rows(
        home,
        """
        select invoice_id, line_no, product_code, description, quantity, unit_price, amount,
            customer_id, country, issued_at, currency, kind, status, source_row
        from raw.invoice_lines order by source_row""",
    ) == [
        (
            "536365",
            None,
            "85123A",
            "HEART",
            Decimal(6),
            Decimal("2.55"),
            Decimal("15.3"),
            "17850",
            "United Kingdom",
            datetime(2024, 1, 5, 8, 26),
            "GBP",
            "invoice",
            None,
            1,
        ),
        (
            "C536379",
            None,
            "D",
            "Discount",
            Decimal(-1),
            Decimal("27.5"),
            Decimal("-27.5"),
            None,
            None,
            datetime(2024, 7, 5, 8, 41),
            "GBP",
            "credit_note",
            None,
            2,
        ),
        (
            "A563185",
            None,
            "B",
            "Adjust bad debt",
            Decimal(1),
            Decimal("-11062.06"),
            Decimal("-11062.06"),
            None,
            "United Kingdom",
            datetime(2024, 1, 5, 14, 50),
            "GBP",
            "adjustment",
            None,
            3,
        ),
    ]


def test_a_credit_notes_total_is_negative(home, exports):
    write(exports, "CreditNotes.csv", CREDIT_NOTES, "G-1,K-1,R-1,2024-01-05,EUR,12.50,")
    bring_in(home, exports)
    assert rows(home, "select invoice_id, credited_invoice_id, kind, total, status from raw.invoices") == [
        ("G-1", "R-1", "credit_note", Decimal("-12.5"), None)
    ]
    assert rows(home, "select money_read, money_loaded from raw.files") == [
        (Decimal("-12.5"), Decimal("-12.5"))
    ]


def test_crm_records_become_canonical(home, exports):
    write(
        exports,
        "Account.csv",
        ACCOUNTS,
        "001,FALSE,,Ruhr AG,Customer,000,DE,,77,005,2024-01-05T23:30:00.000Z,,"
        "2024-01-06T01:00:00.000+0000,a@b.de,legal entity,1,K-1",
    )
    write(
        exports,
        "Task.csv",
        TASKS,
        "00T1,false,001,003,Order,Completed,Email,Inbound,,2024-01-04,2024-01-04T10:00:00Z,,,",
        "00T2,false,001,,Ring,Completed,Call,Outbound,No Answer,2024-01-04,,,,",
        "00T3,true,001,,Note,Open,Letter__c,,,,,2024-01-03T00:00:00+02:00,,",
    )
    bring_in(home, exports, "Europe/Berlin")
    assert rows(
        home,
        "select kind, created_on, do_not_contact, is_deleted, updated_at, "
        "parent_account_id, billing_customer_id from raw.accounts",
    ) == [("legal_entity", date(2024, 1, 6), True, False, datetime(2024, 1, 6, 1), "000", "K-1")]
    assert rows(
        home,
        "select channel, direction, outcome, occurred_at, is_deleted from "
        "raw.communications order by communication_id",
    ) == [
        ("email", "inbound", None, datetime(2024, 1, 4, 10), False),
        ("call", "outbound", "unanswered", datetime(2024, 1, 3, 23), False),
        ("letter", None, None, datetime(2024, 1, 2, 22), True),
    ]


TIMES = [
    ("2024-07-05", datetime(2024, 7, 4, 22)),
    ("2024-01-05", datetime(2024, 1, 4, 23)),
    ("2024-07-05 10:00:00", datetime(2024, 7, 5, 8)),
    ("2024-07-05T10:00", datetime(2024, 7, 5, 8)),
    ("2024-07-05T10:00:00Z", datetime(2024, 7, 5, 10)),
    ("2024-07-05T10:00:00.250Z", datetime(2024, 7, 5, 10, 0, 0, 250000)),
    ("2024-07-05T10:00:00+05:30", datetime(2024, 7, 5, 4, 30)),
    ("2024-07-05T10:00:00.123456789-0800", datetime(2024, 7, 5, 18, 0, 0, 123456)),
    (" 2024-07-05 10:00:00 ", datetime(2024, 7, 5, 8)),
]


def test_every_time_is_utc_inside(home, exports):
    write(exports, "Payments.csv", PAYMENTS, *(payment(n, paid_on=text) for n, (text, _) in enumerate(TIMES)))
    bring_in(home, exports, "Europe/Berlin")
    assert rows(home, "select paid_at from raw.payments order by source_row") == [(utc,) for _, utc in TIMES]


def test_a_mappings_own_zone_wins_over_the_reporting_zone(home, exports):
    (home.config / "mappings").mkdir()
    text = (SHIPPED / "kontor.yml").read_text()
    text = text.replace("system: billing", "system: billing\ntimezone: Asia/Tokyo")
    (home.config / "mappings" / "kontor.yml").write_text(text)
    write(exports, "Payments.csv", PAYMENTS, payment(1, paid_on="2024-07-05 10:00:00"))
    bring_in(home, exports, "Europe/Berlin")
    assert rows(home, "select paid_at from raw.payments") == [(datetime(2024, 7, 5, 1),)]


def test_a_files_days_are_those_of_the_reporting_zone(home, exports):
    write(
        exports,
        "Payments.csv",
        PAYMENTS,
        payment(1, paid_on="2024-07-05T23:00:00Z"),
        payment(2, paid_on="2024-07-06"),
    )
    bring_in(home, exports, "Europe/Berlin")
    assert rows(home, "select first_record_on, last_record_on from raw.files") == [
        (date(2024, 7, 6), date(2024, 7, 6))
    ]


def test_numbers_are_exact_decimals(home, exports):
    numbers = {
        "1e3": "1000",
        "-.5": "-0.5",
        "+7.": "7",
        " 12.3456 ": "12.3456",
        "0.00005": "0.0001",
        "99999999999999.9999": "99999999999999.9999",
    }
    write(exports, "Payments.csv", PAYMENTS, *(payment(1, number) for number in numbers))
    bring_in(home, exports)
    assert rows(home, "select amount from raw.payments order by source_row") == [
        (Decimal(read),) for read in numbers.values()
    ]


Query = Callable[..., list[tuple[Any, ...]]]

# The payment's record, the column refused, the value shown, the reason, the amount if readable.
REFUSED_PAYMENTS = [
    (" ,R-1,K-1,2024-01-05,10,EUR,x", "payment_id", None, "is blank", "10"),
    ("Z-1,R-1,K-1,,10,EUR,x", "paid_at", None, "is blank", "10"),
    ("Z-1,R-1,K-1,2024-02-30,10,EUR,x", "paid_at", "2024-02-30", "is not a date", "10"),
    ("Z-1,R-1,K-1,01/02/2024,10,EUR,x", "paid_at", "01/02/2024", NO_DATE_ORDER, "10"),
    ("Z-1,R-1,K-1,infinity,10,EUR,x", "paid_at", "infinity", "is not a date", "10"),
    ("Z-1,R-1,K-1,epoch,10,EUR,x", "paid_at", "epoch", "is not a date", "10"),
    ("Z-1,R-1,K-1,0001-01-01,10,EUR,x", "paid_at", "0001-01-01", "is out of range", "10"),
    ("Z-1,R-1,K-1,1969-12-31,10,EUR,x", "paid_at", "1969-12-31", "is out of range", "10"),
    ("Z-1,R-1,K-1,2101-01-01,10,EUR,x", "paid_at", "2101-01-01", "is out of range", "10"),
    ("Z-1,R-1,K-1,9999-12-31,10,EUR,x", "paid_at", "9999-12-31", "is out of range", "10"),
    ("Z-1,R-1,K-1,2024-01-05,,EUR,x", "amount", None, "is blank", None),
    ("Z-1,R-1,K-1,2024-01-05,ten,EUR,x", "amount", "ten", "is not a number", None),
    ("Z-1,R-1,K-1,2024-01-05,NaN,EUR,x", "amount", "NaN", "is not a number", None),
    ("Z-1,R-1,K-1,2024-01-05,-inf,EUR,x", "amount", "-inf", "is not a number", None),
    ('Z-1,R-1,K-1,2024-01-05,"1,50",EUR,x', "amount", "1,50", "is not a number", None),
    ("Z-1,R-1,K-1,2024-01-05,$5,EUR,x", "amount", "$5", "is not a number", None),
    ("Z-1,R-1,K-1,2024-01-05,(5),EUR,x", "amount", "(5)", "is not a number", None),
    ("Z-1,R-1,K-1,2024-01-05,1_000,EUR,x", "amount", "1_000", "is not a number", None),
    (f"Z-1,R-1,K-1,2024-01-05,{'9' * 40},EUR,x", "amount", "9" * 40, "has too many digits", None),
    ("Z-1,R-1,K-1,2024-01-05,1e400,EUR,x", "amount", "1e400", "has too many digits", None),
    ("Z-1,R-1,K-1", None, "Z-1,R-1,K-1", "has too few columns", None),
    (
        "Z-1,R-1,K-1,2024-01-05,10,EUR,x,y",
        None,
        "Z-1,R-1,K-1,2024-01-05,10,EUR,x,y",
        "has too many columns",
        None,
    ),
    (
        'Z-1,R-1,K-1,2024-01-05,10,EUR,"x"y',
        None,
        'Z-1,R-1,K-1,2024-01-05,10,EUR,"x"y',
        "has a stray quote",
        None,
    ),
]
# The file, its header, its only record, the column refused, the value shown, the reason.
REFUSED_RECORDS = [
    (
        "Invoices.csv",
        INVOICES,
        "R-1,K-1,2024-01-05,,EUR,5,Parked,",
        "status",
        "Parked",
        "is not a known value",
    ),
    ("Invoices.csv", INVOICES, "R-1,K-1,2024-01-05,soon,EUR,5,Open,", "due_at", "soon", "is not a date"),
    (
        "Invoices.csv",
        INVOICES,
        "R-1,K-1,2024-01-05,,EUR,5,Open,2024-13-01",
        "updated_at",
        "2024-13-01",
        "is not a date",
    ),
    ("Task.csv", TASKS, "1,no,1,,S,Done,Fax,,,2024-01-05,,,,", "channel", "Fax", "is not a known value"),
    ("Task.csv", TASKS, "1,no,1,,S,Done,,,,2024-01-05,,,,", "channel", None, "is blank"),
    (
        "Task.csv",
        TASKS,
        "1,perhaps,1,,S,Done,Call,,,2024-01-05,,,,",
        "is_deleted",
        "perhaps",
        "is not true or false",
    ),
    ("Task.csv", TASKS, "1,no,1,,S,Done,Call,,,,,,,", "occurred_at", None, "is blank"),
    (
        "InvoiceLines.csv",
        "InvoiceNo,LineNo,ArticleNo,Description,Quantity,UnitPrice,Amount",
        "R-1,1.5,A,B,1,2,2",
        "line_no",
        "1.5",
        "is not a whole number",
    ),
    ("2024-01-05.csv", LINES, line(1, quantity="two"), "quantity", "two", "is not a number"),
    ("2024-01-05.csv", LINES, line(1, quantity=""), "amount", "1.50", "can't be worked out"),
    ("2024-01-05.csv", LINES, line(1, quantity="", price=""), "amount", None, "is blank"),
    ("2024-01-05.csv", LINES, line(1).replace("2024-01-05 08:30:00", ""), "issued_at", None, "is blank"),
]


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Query]:
    """A warehouse with a file for each refused record, payments between two good ones."""
    root = tmp_path_factory.mktemp("refused")
    for n, (cells, *_) in enumerate(REFUSED_PAYMENTS):
        write(root / "exports", f"payments/{n}.csv", PAYMENTS, payment(7), cells, payment(8))
    for n, (file, header, cells, *_) in enumerate(REFUSED_RECORDS):
        write(root / "exports", f"others/{n}/{file}", header, cells)
    home = Home(root / "home").prepare()
    bring_in(home, root / "exports")
    disconnect()
    with warehouse.connect(home, read_only=True) as connection:
        yield lambda query, *given: connection.execute(query, given).fetchall()


@pytest.mark.parametrize(
    ("n", "case"),
    list(enumerate(REFUSED_PAYMENTS)),
    ids=[f"{case[1]} {case[3]} {n}" for n, case in enumerate(REFUSED_PAYMENTS)],
)
def test_a_record_that_cannot_be_read_is_quarantined_with_column_value_and_reason(refused, n, case):
    cells, column, value, reason, amount = case
    [(file_id, *counts)] = refused(
        "select file_id, rows_read, rows_loaded, rows_quarantined, money_read, money_loaded, "
        "money_quarantined from raw.files where source_file = ?",
        f"payments/{n}.csv",
    )
    money = Decimal(amount) if amount else None
    kept = money or Decimal(0)
    assert counts == [3, 2, 1, kept + 20, Decimal(20), kept]
    document = None if cells.startswith(" ") else "Z-1"
    assert refused("select * exclude file_id from raw.quarantine where file_id = ?", file_id) == [
        (2, document, column, value, reason, money)
    ]
    assert refused(
        "select payment_id, source_row from raw.payments where file_id = ? order by 2", file_id
    ) == [("Z-7", 1), ("Z-8", 3)]


@pytest.mark.parametrize(
    ("n", "case"),
    list(enumerate(REFUSED_RECORDS)),
    ids=[f"{case[3]} {case[5]} {n}" for n, case in enumerate(REFUSED_RECORDS)],
)
def test_optional_columns_and_enumerations_are_not_let_through_unread(refused, n, case):
    file, _, _, *expected = case
    assert refused(
        "select source_row, column_name, value, reason from raw.quarantine "
        "join raw.files using (file_id) where source_file = ?",
        f"others/{n}/{file}",
    ) == [(1, *expected)]


def test_the_bounds_of_dates_are_inside(home, exports):
    write(
        exports,
        "Payments.csv",
        PAYMENTS,
        payment(1, paid_on="1970-01-01"),
        payment(2, paid_on="2100-12-31T23:59:59"),
    )
    assert bring_in(home, exports).rows_loaded == 2


def test_an_opportunity_is_won_lost_or_open_and_nothing_else(home, exports):
    header = "Id,AccountId,StageName,CreatedDate,CloseDate,IsClosed,IsWon"
    write(
        exports,
        "Opportunity.csv",
        header,
        *(
            f"{n},1,S,2024-01-05,2024-02-05,{closed},{won}"
            for n, (closed, won) in enumerate(
                [("true", "true"), ("TRUE", "false"), ("false", "false"), ("", ""), ("maybe", "")]
            )
        ),
    )
    bring_in(home, exports)
    assert rows(home, "select outcome, closed_at from raw.opportunities order by 1, source_row") == [
        ("lost", datetime(2024, 2, 5)),
        ("won", datetime(2024, 2, 5)),
        (None, None),
        (None, None),
    ]
    assert quarantined(home) == [(5, "outcome", "maybe", "is not a known value")]


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


def test_a_hostile_cell_is_data(home, exports):
    cells = [
        "'; drop table raw.payments; --",
        '=HYPERLINK(""http://x"")',
        "a\nb",
        "{{ 1 }}",
        "<script>",
        "../../etc/passwd",
        "\x01",
        "💥",
        '\\"',
    ]
    write(
        exports,
        "Payments.csv",
        PAYMENTS,
        *(f'Z-{n},R-1,K-1,2024-01-05,1,EUR,"{cell}"' for n, cell in enumerate(cells[:-1])),
    )
    assert bring_in(home, exports).rows_loaded == 8
    found = [method for (method,) in rows(home, "select method from raw.payments order by source_row")]
    assert found == [cell.replace('""', '"') for cell in cells[:-1]]
    write(exports, "Bad.csv", PAYMENTS, "Z-1,R-1,K-1,2024-01-05,'; drop table raw.files; --,EUR,x")
    bring_in(home, exports)
    assert quarantined(home)[0][2] == "'; drop table raw.files; --"
    assert len(rows(home, "select * from raw.files")) == 2


def test_a_long_value_is_cut_in_the_quarantine(home, exports):
    write(exports, "Payments.csv", PAYMENTS, payment(1, "x" * 5000))
    bring_in(home, exports)
    assert len(quarantined(home)[0][2]) == 200


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
