"""A source that delivers invoices with totals, and lines that say everything an invoice needs, too."""

from decimal import Decimal

import pytest
from screened import Screened
from small_company import modelled
from thermocline.building import transformation
from thermocline.home import Home
from thermocline.landing.land import land

FILES = {
    "2024-05-01/invoices.csv": """\
invoice_id,customer_id,issued_at,currency,total,status,kind
I1,K1,2024-04-01T10:00:00Z,EUR,100.00,open,invoice
""",
    "2024-05-01/lines.csv": """\
invoice_id,quantity,customer_id,issued_at,currency,amount
I1,1,K1,2024-04-01T10:00:00Z,EUR,60.00
I1,1,K1,2024-04-01T10:00:00Z,EUR,40.00
I2,1,K1,2024-04-02T10:00:00Z,EUR,7.00
I2,1,,,,2.50
""",
    "2024-05-01/bare.csv": """\
invoice_id,quantity,amount
I2,1,6.50
I9,1,3.00
""",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("desk") / "home").prepare()
    (home.config / "sources.yml").write_text(
        "sources:\n- {name: desk, mapping: canonical_billing, location: exports}\n"
    )
    for name, text in FILES.items():
        file = home.exports / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    land(home, "billing", settle_seconds=0)
    return home


def test_a_sources_invoices_and_lines_reconcile_each_in_its_own_class(home: Home, example: Screened) -> None:
    compiled = transformation.target_folder(example.home) / "compiled" / "thermocline" / "models"
    with modelled(home, compiled) as made:
        assert made.rows(
            "select document_id, document_total, money_state from activity.fct_invoices order by 1"
        ) == [("I1", Decimal(100), "attributed"), ("I2", Decimal("9.5"), "attributed")]
        query = (compiled / "gate" / "reconciliation_of_money.sql").read_text()
        assert made.rows(
            "select source_file, currency, loaded, attributed, itemised, without_invoice, difference "
            f"from ({query}) order by 1, 2"
        ) == [
            ("2024-05-01/bare.csv", None, Decimal("9.5"), 0, Decimal("6.5"), 3, 0),
            ("2024-05-01/invoices.csv", "EUR", 100, 100, 0, 0, 0),
            ("2024-05-01/lines.csv", "EUR", 107, 7, 100, 0, 0),
            # A line that names neither date nor currency belongs to the document of the lines beside it.
            ("2024-05-01/lines.csv", None, Decimal("2.5"), Decimal("2.5"), 0, 0, 0),
        ]
