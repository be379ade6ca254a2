"""Documents that dated lines make, or that are the sum of their lines: the same money in each layout."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from screened import Screened
from small_company import Modelled, modelled
from thermocline.building import transformation
from thermocline.home import Home
from thermocline.landing.land import land

SOURCES = """\
sources:
- {name: flat, mapping: canonical_billing, location: exports/flat}
- {name: split, mapping: split, location: exports/split, currency: EUR}
"""
SPLIT = """\
name: split
title: Orders and their lines
system: billing
timezone: UTC
mode: delta
feeds:
    - feed: invoices
      columns:
          invoice_id: {from: order_no, required: true}
          customer_id: {from: buyer, required: true}
          issued_at: {from: ordered, required: true}
          kind: {from: what, required: true}
          status: state
          total: {sum_of_lines: true, plus: freight}
    - feed: invoice_lines
      columns:
          invoice_id: {from: order_no, required: true}
          product_code: {from: article, required: true}
          amount: {from: price, required: true}
"""
STATED = """\
invoice_id,customer_id,issued_at,currency,total,status,kind
H1,A,2024-04-01,EUR,-5.00,open,credit_note
H2,A,2024-04-01,EUR,5.00,open,credit_note
H3,A,2024-04-01,EUR,0,open,credit_note
H4,A,2024-04-01,EUR,7.00,void,credit_note
"""
LINES = """\
invoice_id,line_no,amount,customer_id,issued_at,currency,kind,open_balance,rate_to_base,rate_base
L1,1,60.00,A,2024-04-01,GBP,invoice,30.00,1.2,
L1,2,40.00,A,2024-04-01,GBP,invoice,30.00,1.2,
L2,1,60.00,A,2024-04-01,GBP,invoice,30.00,1.2,
L2,2,40.00,A,2024-04-01,GBP,invoice,,,
L3,1,60.00,A,2024-04-01,GBP,invoice,,1.2,
L3,2,40.00,A,2024-04-01,GBP,invoice,,1.3,
L4,1,60.00,A,2024-04-01,EUR,invoice,60.00,,
L4,2,40.00,A,2024-04-01,EUR,invoice,0,,
L5,1,3.00,A,2024-04-01,EUR,credit_note,,,
L5,2,-1.00,A,2024-04-01,EUR,credit_note,,,
L6,1,-3.00,A,2024-04-01,EUR,credit_note,,,
L7,1,9.00,A,2024-04-01,GBP,invoice,,,
"""
ABOVE_ZERO = "is above zero on a credit note: give it a minus, or say `negate: true` in the mapping"
ORDERS = """\
order_no,buyer,ordered,what,state,freight
S1,A,2024-04-01,credit_note,open,0
S2,A,2024-04-01,credit_note,open,0
"""
DETAILS = "order_no,article,price\nS1,P,10.00\nS2,P,-10.00\n"


def randomly_split(random: Random) -> tuple[str, str, str]:
    """Return one company's sales as flat lines, and as headers and lines, in any order of rows."""
    flat, headers, lines = [], [], []
    for number in range(60):
        sign = random.choice((1, 1, 1, -1))
        head = f"R{number}", f"K{random.randrange(7)}", f"2024-{random.randrange(1, 9):02}-10"
        kind = "invoice" if sign > 0 else "credit_note"
        state = random.choice(("open", "paid", "void"))
        headers.append(",".join((*head, kind, state, "")))
        for line in range(random.randrange(1, 5)):
            amount = sign * Decimal(random.randrange(0, 10**7)) / 100
            flat.append(f"{head[0]},{line},P{line},{amount},{head[1]},{head[2]},EUR,{kind},{state}")
            lines.append(f"{head[0]},P{line},{amount}")
    for rows in (flat, headers, lines):
        random.shuffle(rows)
    flat.insert(0, "invoice_id,line_no,product_code,amount,customer_id,issued_at,currency,kind,status")
    headers.insert(0, "order_no,buyer,ordered,what,state,freight")
    lines.insert(0, "order_no,article,price")
    return tuple("\n".join(rows) + "\n" for rows in (flat, headers, lines))  # type: ignore[return-value]


def landed(root: Path, files: dict[str, str]) -> Home:
    home = Home(root / "home").prepare()
    (home.config / "sources.yml").write_text(SOURCES)
    (home.config / "company.yml").write_text("reporting_currency: EUR\n")
    (home.config / "mappings").mkdir(exist_ok=True)
    (home.config / "mappings" / "split.yml").write_text(SPLIT)
    for name, text in files.items():
        file = home.exports / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    land(home, "billing", settle_seconds=0)
    return home


@pytest.fixture(scope="module")
def compiled(example: Screened) -> Path:
    return transformation.target_folder(example.home) / "compiled" / "thermocline" / "models"


def published_money(made: Modelled, source: str) -> list[tuple[object, ...]]:
    return made.rows(
        "select document_id, split_part(billing_customer_id, ':', 2), kind, status, money_state, total, "
        f"issued_on from activity.fct_invoices where source = '{source}' order by all"
    )


def unreconciled(made: Modelled, compiled: Path) -> list[tuple[object, ...]]:
    query = (compiled / "gate" / "reconciliation_of_money.sql").read_text()
    return made.rows(f"select source_file, currency from ({query}) where difference is distinct from 0")


@pytest.fixture(scope="module")
def made(compiled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Modelled]:
    home = landed(
        tmp_path_factory.mktemp("lines"),
        {
            "flat/invoices.csv": STATED,
            "flat/lines.csv": LINES,
            "split/orders.csv": ORDERS,
            "split/details.csv": DETAILS,
        },
    )
    with modelled(home, compiled) as company:
        yield company


def test_a_credit_note_above_zero_is_no_revenue_however_it_is_stated(made: Modelled, compiled: Path) -> None:
    assert made.rows(
        "select document_id, money_state, document_total from activity.fct_invoices "
        "where kind = 'credit_note' order by 1"
    ) == [
        ("H1", "attributed", Decimal(-5)),
        ("H2", "above_zero", Decimal(5)),
        ("H3", "attributed", Decimal(0)),
        ("H4", "void", Decimal(7)),
        ("L5", "above_zero", Decimal(2)),
        ("L6", "attributed", Decimal(-3)),
        ("S1", "above_zero", Decimal(10)),
        ("S2", "attributed", Decimal(-10)),
    ]
    assert made.rows(
        "select source_file, document_id, column_name, value, reason, amount from reporting.quarantine "
        "where column_name = 'total' order by 2"
    ) == [
        (file, document, "total", f"{amount}.0000",
         ABOVE_ZERO, Decimal(amount))
        for file, document, amount in (
            ("invoices.csv", "H2", 5), ("lines.csv", "L5", 2), ("orders.csv", "S1", 10),
        )
    ]  # fmt: skip
    assert unreconciled(made, compiled) == []


def test_a_rate_and_a_balance_on_lines_are_their_documents_where_they_agree(made: Modelled) -> None:
    assert made.rows(
        "select document_id, money_state, total, open_balance from activity.fct_invoices "
        "where document_id like 'L%' and kind = 'invoice' order by 1"
    ) == [
        ("L1", "attributed", Decimal(120), Decimal(36)),
        ("L2", "attributed", Decimal(120), Decimal(36)),
        ("L3", "no_rate", None, None),
        ("L4", "attributed", Decimal(100), None),
        ("L7", "no_rate", None, None),
    ]
    assert made.rows(
        "select document_id, column_name, reason from reporting.quarantine "
        "where column_name <> 'total' order by all"
    ) == [
        ("L3", "currency", "no exchange rate to EUR on or before its date"),
        ("L3", "rate_to_base", "differs between the lines of the document: it counts as blank"),
        ("L4", "open_balance", "differs between the lines of the document: it counts as blank"),
        ("L7", "currency", "no exchange rate to EUR on or before its date"),
    ]


@pytest.mark.parametrize("seed", range(3))
def test_one_flat_file_and_headers_with_lines_give_the_same_money(
    compiled: Path, tmp_path: Path, seed: int
) -> None:
    flat, headers, lines = randomly_split(Random(seed))
    home = landed(tmp_path, {"flat/lines.csv": flat, "split/orders.csv": headers, "split/details.csv": lines})
    with modelled(home, compiled) as company:
        money = published_money(company, "flat")
        assert len(money) == 60
        assert published_money(company, "split") == money
        assert unreconciled(company, compiled) == []
