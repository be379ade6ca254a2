"""What HubSpot, Salesforce and plain files of invoice lines mean, by exports that users reported."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from export_files import bring_in, disconnect, rows, write_bytes
from thermocline.home import Home

SPELLINGS = [*product(("InvoiceNo", "Invoice"), ("UnitPrice", "Price"), ("CustomerID", "Customer ID"))]


class Loaded:
    """Exports loaded into schema raw of a home of their own."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder / "home").prepare()
        self.exports = folder / "exports"

    def take(self, files: dict[str, str]) -> None:
        for path, text in files.items():
            write_bytes(self.exports, path, text.encode())
        bring_in(self.home, self.exports)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return rows(self.home, query)


@pytest.fixture
def loaded(tmp_path: Path) -> Iterator[Loaded]:
    yield Loaded(tmp_path)
    disconnect()


@pytest.mark.parametrize(("number", "price", "customer"), SPELLINGS)
def test_retail_lines_are_read_in_any_combination_of_spellings(loaded, number, price, customer):
    loaded.take(
        {
            "2010-12-01.csv": f"{number},StockCode,Description,Quantity,InvoiceDate,{price},{customer},"
            "Country\n"
            "536365,A1,A thing,6,2010-12-01 08:26:00,2.55,17850.0,Norway\n"
            "C536379,A1,A thing,-2,2010-12-01 09:41:00,2.55,17850,Norway\n"
            "A563185,B,Adjust bad debt,1,2010-12-01 14:50:00,-11062.06,,Norway\n"
        }
    )
    assert loaded.rows("select mapping, rows_read, rows_quarantined from raw.files") == [
        ("online_retail", 3, 0)
    ]
    assert loaded.rows(
        "select invoice_id, kind, amount, customer_id, currency from raw.invoice_lines order by source_row"
    ) == [
        ("536365", "invoice", Decimal("15.3"), "17850", "GBP"),
        ("C536379", "credit_note", Decimal("-5.1"), "17850", "GBP"),
        ("A563185", "adjustment", Decimal("-11062.06"), None, "GBP"),
    ]


@pytest.mark.parametrize("amount", ["", "Amount", "Line Total"])
def test_a_stock_code_decides_between_retail_lines_and_plain_ones(loaded, amount):
    cells = (f",{amount}", ",5.10") if amount else ("", "")
    header = f"Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Currency{cells[0]}\n"
    loaded.take({"lines.csv": f"{header}C7,A1,A thing,-2,2010-12-01,2.55,17850,EUR{cells[1]}\n"})
    assert loaded.rows("select mapping from raw.files") == [("online_retail",)]
    assert loaded.rows("select kind, amount, currency from raw.invoice_lines") == [
        ("credit_note", Decimal("-5.1"), "EUR")
    ]


@pytest.mark.parametrize("quantity", ["Quantity", "Qty", "Units"])
def test_plain_lines_of_negative_quantity_are_credits_by_any_name(loaded, quantity):
    loaded.take(
        {
            "lines.csv": f"Invoice,SKU,{quantity},Price,Amount,Date,Customer\n"
            "7,A1,-2,2.55,-5.10,2010-12-01,17850\n8,A1,2,2.55,5.10,2010-12-01,17850\n"
        }
    )
    assert loaded.rows("select mapping from raw.files") == [("invoice_lines",)]
    assert loaded.rows("select invoice_id, kind from raw.invoice_lines order by 1") == [
        ("7", "credit_note"),
        ("8", "invoice"),
    ]
