"""JSON in the layouts that exports and APIs have: lines, arrays, pages, records in records."""

import gzip
import json
from decimal import Decimal
from itertools import cycle

import pytest
from export_files import bring_in, land_all, load_all, payment, quarantined, rows, write_bytes

COLUMNS = ("PaymentNo", "InvoiceNo", "CustomerNo", "PaidOn", "Amount", "Currency", "Method")
TILL = """
name: till
title: Till's API
system: billing
feeds:
- feed: invoices
  columns:
    invoice_id: {from: id, required: true}
    customer_id: {from: customer.id, required: true}
    issued_at: {from: status.paid_at, required: true}
    total: {from: total, required: true}
    kind: {constant: invoice}
- feed: invoice_lines
  records: lines.data
  columns:
    invoice_id: {from: id, required: true}
    line_no: lines.data.number
    description: lines.data.description
    amount: {from: lines.data.amount, required: true}
    customer_id: customer.id
"""


def record(number: object, **changed: object) -> dict[str, object]:
    return dict(zip(COLUMNS, payment(number).split(","), strict=True)) | {"Amount": 10.0} | changed


RECORDS = [record(1), record(2, Amount=-0.5), record(3, Method=None)]
LAYOUTS = {
    "lines.jsonl": "\n".join(map(json.dumps, RECORDS)),
    "blank lines.ndjson": "\n\n".join(map(json.dumps, RECORDS)) + "\n\n",
    "array.json": json.dumps(RECORDS),
    "array in lines.json": json.dumps(RECORDS, indent=2),
    "list.json": json.dumps({"object": "list", "url": "/v1", "has_more": False, "data": RECORDS}),
    "results.json": json.dumps({"results": RECORDS, "paging": {"next": {"after": "3"}}}, indent=1),
    "items.json": json.dumps({"items": RECORDS, "total": 3}),
    "pages.jsonl": "\n".join(json.dumps({"object": "list", "data": [r]}) for r in RECORDS),
    "one after the other.json": "".join(json.dumps(r, indent=1) for r in RECORDS),
}


@pytest.mark.parametrize(
    ("name", "encoding"),
    list(zip(LAYOUTS, cycle(["utf-8", "utf-8-sig", "utf-16", "utf-32-be"]), strict=False)),
)
def test_every_layout_and_encoding_gives_the_same_records(home, exports, name, encoding):
    write_bytes(exports, name, LAYOUTS[name].encode(encoding))
    assert bring_in(home, exports).rows_loaded == 3
    assert rows(home, "select payment_id, amount, method, source_row from raw.payments order by 4") == [
        ("Z-1", Decimal(10), "Transfer", 1),
        ("Z-2", Decimal("-0.5"), "Transfer", 2),
        ("Z-3", Decimal(10), None, 3),
    ]


def test_packed_json_is_the_same_file(home, exports):
    content = LAYOUTS["array.json"].encode()
    write_bytes(exports, "a.json", content)
    write_bytes(exports, "b.json.gz", gzip.compress(content))
    billing = land_all(home, exports)[1]
    assert (billing.landed, billing.already) == (1, 1)
    assert load_all(home).rows_loaded == 3


def test_numbers_keep_their_digits_and_a_key_may_come_late(home, exports):
    text = "\n".join(
        [
            json.dumps({k: v for k, v in record(1).items() if k != "Method"}).replace(
                "10.0", "12345678901234.5678"
            ),
            json.dumps(record(2)).replace("10.0", "1E2"),
            json.dumps(record(10**20)),
        ]
    )
    write_bytes(exports, "a.jsonl", text.encode())
    bring_in(home, exports)
    assert rows(home, "select amount, payment_id, method from raw.payments order by source_row") == [
        (Decimal("12345678901234.5678"), "Z-1", None),
        (Decimal(100), "Z-2", "Transfer"),
        (Decimal(10), "Z-100000000000000000000", "Transfer"),
    ]


def test_inner_records_are_a_table_of_their_own_with_the_outer_columns(home, exports):
    (home.config / "mappings").mkdir()
    (home.config / "mappings" / "till.yml").write_text(TILL)
    invoices = [
        {
            "id": f"in_{n}",
            "customer": {"id": "cus_1", "tags": ["a", "b"]},
            "status": {"paid_at": "2024-01-05T10:00:00Z"},
            "total": 3 * n,
            "lines": {
                "object": "list",
                "data": [{"number": k, "description": f"«{k}»", "amount": n} for k in (1, 2, 3)[:n]],
            },
        }
        for n in (2, 0, 1)
    ]
    write_bytes(exports, "2024.json", json.dumps({"object": "list", "data": invoices}).encode())
    write_bytes(exports, "again.jsonl", "\n".join(map(json.dumps, invoices)).encode())
    assert land_all(home, exports)[1].landed == 4
    load_all(home)
    assert rows(
        home,
        "select invoice_id, customer_id, total, source_file, source_row from raw.invoices "
        "join raw.files using (file_id) where source_file = '2024.json' order by source_row",
    ) == [
        ("in_2", "cus_1", Decimal(6), "2024.json", 1),
        ("in_0", "cus_1", Decimal(0), "2024.json", 2),
        ("in_1", "cus_1", Decimal(3), "2024.json", 3),
    ]
    assert rows(
        home,
        "select invoice_id, line_no, description, amount, source_file, source_row "
        "from raw.invoice_lines join raw.files using (file_id) where source_file like '2024%' order by 6",
    ) == [
        ("in_2", 1, "«1»", Decimal(2), "2024.json#lines.data", 1),
        ("in_2", 2, "«2»", Decimal(2), "2024.json#lines.data", 2),
        ("in_1", 1, "«1»", Decimal(1), "2024.json#lines.data", 3),
    ]
    assert rows(home, "select column_name, count(*) from raw.unmapped_columns group by 1 order by 1") == [
        ("customer.tags", 4),
        ("lines.data", 2),
        ("lines.object", 4),
        ("status.paid_at", 2),
        ("total", 2),
    ]


def test_lines_that_are_no_records_are_quarantined_with_their_number(home, exports):
    lines = [
        json.dumps(record(1)),
        '{"PaymentNo": "Z-2", ',
        "[1, 2]",
        json.dumps(record(4, Method="a\0b")),
        json.dumps(record(5, Method="\ud800")),
        "[" * 100_000,
        json.dumps(record(7)),
    ]
    write_bytes(exports, "a.jsonl", "\n".join(lines).encode())
    bring_in(home, exports)
    assert rows(home, "select source_row, payment_id from raw.payments order by 1") == [
        (1, "Z-1"),
        (7, "Z-7"),
    ]
    assert [(row[0], row[3]) for row in quarantined(home)] == [
        (2, "is not JSON"),
        (3, "is not a record"),
        (4, "holds a NUL byte"),
        (5, "holds half a character"),
        (6, "is nested too deeply"),
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (LAYOUTS["array.json"][:-20], "isn't whole JSON after record 2: export it again"),
        (LAYOUTS["array.json"].replace("]", ", 5]"), "holds something else than records after record 3"),
        ('[{"a": 1}]', "matches no mapping (columns: a)"),
        ("[]", "is empty"),
        ("{}", "is empty"),
        ('{"object": "list", "data": []}', "is empty"),
    ],
)
def test_json_of_another_shape_is_left_out_with_the_reason(home, exports, content, reason):
    write_bytes(exports, "good.json", LAYOUTS["array.json"].encode())
    write_bytes(exports, "other.json", content.encode())
    left_out = land_all(home, exports)[1].left_out
    assert list(left_out) == ["other.json"]
    assert left_out["other.json"].startswith(reason)
    assert load_all(home).rows_loaded == 3


TWICE = json.dumps(record(2))[:-1] + ', "Amount": 99}'
NESTED = json.dumps(record(2))[:-1] + ', "more": [{"a": 1, "b": {"c": 1, "c": 1}}]}'
ALONE = [json.dumps(record(n)) for n in (1, 3)]


@pytest.mark.parametrize("ambiguous", [TWICE, NESTED])
@pytest.mark.parametrize(
    "layout", ["{}\n{}\n{}\n", "[{}, {}, {}]", '{{"data": [{}, {}, {}], "total": 3}}', "{} {} {}"]
)
def test_a_record_that_names_a_key_twice_is_quarantined_and_the_others_read(home, exports, ambiguous, layout):
    content = layout.format(ALONE[0], ambiguous, ALONE[1])
    write_bytes(exports, "a.json", content.encode())
    bring_in(home, exports)
    assert rows(home, "select payment_id, source_row from raw.payments order by 2") == [
        ("Z-1", 1),
        ("Z-3", 3),
    ]
    [(number, column, shown, reason)] = quarantined(home)
    assert (number, column, reason) == (2, None, "names a key twice")
    assert "Z-2" in shown


def test_a_page_with_two_lists_of_one_name_is_quarantined_as_a_whole(home, exports):
    page = f'{{"data": [{ALONE[0]}], "data": [{ALONE[1]}]}}'
    write_bytes(exports, "a.jsonl", f"{ALONE[0]}\n{page}\n".encode())
    bring_in(home, exports)
    assert rows(home, "select payment_id from raw.payments") == [("Z-1",)]
    assert [(row[0], row[3]) for row in quarantined(home)] == [(2, "names a key twice")]
