"""A record that can't be read is quarantined with its column, value and reason; a cell is data."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from export_files import (
    INVOICES,
    LINES,
    PAYMENTS,
    TASKS,
    bring_in,
    disconnect,
    line,
    payment,
    quarantined,
    rows,
    write,
)
from thermocline import warehouse
from thermocline.home import Home
from thermocline.loading.refusals import NO_DATE_ORDER

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

Query = Callable[..., list[tuple[Any, ...]]]


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
