"""What the records of each kind become in raw: typed, in UTC, with their document."""

from datetime import date, datetime
from decimal import Decimal

from export_files import (
    ACCOUNTS,
    CREDIT_NOTES,
    LINES,
    PAYMENTS,
    TASKS,
    bring_in,
    payment,
    quarantined,
    rows,
    write,
)
from thermocline.mapping.files import SHIPPED


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
    assert quarantined(home) == [(5, "IsClosed", "maybe", "is not true or false")]
