"""Parquet: every type becomes the text that gives it back."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from export_files import PAYMENTS, age, bring_in, in_memory, land_all, payment, quarantined, rows, write

GOOD = (
    'select \'Z-\' || n as "PaymentNo", n as "InvoiceNo", 17850::double as "CustomerNo", '
    '{day} as "PaidOn", {amount} as "Amount", \'EUR\' as "Currency", \'Transfer\' as "Method" '
    "from range({first}, {last}) numbers(n)"
)


def parquet(folder: Path, name: str, query: str) -> Path:
    target = folder / name
    with in_memory() as connection:
        connection.execute(f"copy ({query}) to '{target}' (format parquet, row_group_size 2048)")
    age(target)
    return target


def payments(amount: str = "n::decimal(18, 2)", day: str = "date '2024-01-05'", first=1, last=2) -> str:
    return GOOD.format(amount=amount, day=day, first=first, last=last)


@pytest.mark.parametrize(
    ("amount", "day", "expected"),
    [
        ("12345678901234.5678::decimal(38, 4)", "date '2024-01-05'", ("12345678901234.5678", "2024-01-05")),
        (
            "0.1::double + 0.2::double",
            "timestamp '2024-01-05 10:00:00.25'",
            ("0.3", "2024-01-05 10:00:00.25"),
        ),
        ("7::utinyint", "timestamptz '2024-01-05 10:00:00+02'", ("7", "2024-01-05 08:00:00")),
        ("-2::bigint", "'2024-01-05T10:00:00'", ("-2", "2024-01-05 10:00:00")),
        ("'1.50'", "timestamp_ns '2024-01-05 10:00:00.123456789'", ("1.5", "2024-01-05 10:00:00.123456")),
    ],
)
def test_types_are_read_without_loss(home, exports, amount, day, expected):
    parquet(exports, "p.parquet", payments(amount, day))
    bring_in(home, exports)
    assert rows(home, "select amount, paid_at, customer_id, invoice_id from raw.payments") == [
        (Decimal(expected[0]), datetime.fromisoformat(expected[1]), "17850", "1")
    ]


def test_many_row_groups_keep_their_order_and_numbers(home, exports):
    parquet(exports, "a.parquet", payments(last=20_001))
    parquet(exports, "b.parquet", payments(first=20_001, last=20_003))
    write(exports, "c.csv", PAYMENTS, payment(1))
    assert bring_in(home, exports).rows_loaded == 20_003
    assert rows(
        home, "select count(*) from raw.payments where file_id = 1 and payment_id = 'Z-' || source_row"
    ) == [(20_000,)]
    assert rows(home, "select source_row, payment_id from raw.payments where file_id = 2 order by 1") == [
        (1, "Z-20001"),
        (2, "Z-20002"),
    ]


def test_values_of_another_type_are_quarantined(home, exports):
    parquet(exports, "nan.parquet", payments("'nan'::double"))
    parquet(exports, "days.parquet", payments(day="19000::integer"))
    parquet(exports, "list.parquet", payments("[1, 2]"))
    parquet(exports, "nul.parquet", payments("'1' || chr(0)"))
    bring_in(home, exports)
    assert sorted(quarantined(home), key=str) == [
        (1, "amount", "[1, 2]", "is not a number"),
        (1, "amount", "nan", "is not a number"),
        (1, "paid_at", "19000", "is not a date"),
        (1, None, "1\0", "holds a NUL byte"),
    ]


@pytest.mark.parametrize("cut", [40, 600])
def test_a_file_that_is_not_whole_is_left_out(home, exports, cut):
    file = parquet(exports, "p.parquet", payments(last=5000))
    content = bytearray(file.read_bytes())
    if cut == 600:
        content[300:700] = bytes(400)
    else:
        del content[-cut:]
    file.write_bytes(bytes(content))
    age(file)
    write(exports, "good.csv", PAYMENTS, payment(1))
    assert "isn't a whole Parquet file" in land_all(home, exports)[1].left_out["p.parquet"]
