"""A company in our own names, delivered in two days, in which every case of identity and version occurs."""

from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
from thermocline import warehouse
from thermocline.building import transformation
from thermocline.company import tables
from thermocline.home import Home
from thermocline.landing.land import land
from thermocline.loading.load import load

AS_OF = "2024-06-30"
SOURCES = """\
sources:
- {name: crm, mapping: canonical_crm, location: exports/crm, mode: snapshot}
- {name: bills, mapping: canonical_billing, location: exports/bills}
- {name: till, mapping: invoice_lines, location: exports/till, mode: snapshot, currency: EUR}
"""
LINKS = """\
crm_account_id,billing_customer_id
crm:A5,bills:K5
"""
RATES = """\
rate_on,currency,base_currency,rate
2024-01-01,EUR,USD,1.25
2024-01-01,GBP,USD,1.5
2024-01-01,SEK,CHF,0.08
"""
FIRST, SECOND = "2024-05-01", "2024-06-01"
FILES = {
    f"crm/{FIRST}/accounts.csv": """\
account_id,name,email,billing_customer_id,merged_into_account_id,is_deleted
A1,By key,,K1,,
A2,Survivor,,,,
A3,Merged,,K3,A2,true
A4,By mail,mail@one.example,,,
A5,By link,,,,
A6,Twin,twin@two.example,,,
A7,Twin too,Twin@Two.example ,,,
A8,Same Name,,,,
A9,Gone later,,K9,,
A10,TEST account,,K10,,
""",
    f"crm/{SECOND}/accounts.csv": """\
account_id,name,email,billing_customer_id,merged_into_account_id,is_deleted
A1,By key,,K1,,
A2,Survivor,,,,
A3,Merged,,K3,A2,true
A4,By mail,mail@one.example,,,
A5,By link,,,,
A6,Twin,twin@two.example,,,
A7,Twin too,Twin@Two.example ,,,
A8,Same Name,,,,
A10,TEST account,,K10,,
""",
    f"crm/{FIRST}/opportunities.csv": """\
opportunity_id,account_id,opened_at
O1,A1,2024-04-01
O2,A1,2024-04-02
""",
    # A delivery without records is full as well: everything was deleted.
    f"crm/{SECOND}/opportunities.csv": "opportunity_id,account_id,opened_at\n",
    f"bills/{FIRST}/billing_customers.csv": """\
customer_id,name,email,is_deleted
K1,By key,,
K3,Merged,,
K4,Otherwise named, MAIL@one.example,
K5,By link,,
K6,Twin of two,twin@two.example,
K8,same name ,,
K9,Gone later,,
K10,Tested,,
K11,Deleted,,true
""",
    f"bills/{FIRST}/invoices.csv": """\
invoice_id,customer_id,issued_at,currency,total,status,kind,credited_invoice_id
I1,K1,2024-04-01T10:00:00Z,EUR,100.00,open,invoice,
I2,K1,2024-04-02T10:00:00Z,EUR,wrong,open,invoice,
I3,K3,2024-04-03T10:00:00Z,GBP,10.00,open,invoice,
I4,K4,2024-04-04T10:00:00Z,USD,10.00,void,invoice,
I5,K11,2024-04-05T10:00:00Z,EUR,7.00,open,invoice,
I6,,2024-04-06T10:00:00Z,EUR,3.00,open,invoice,
I7,S1,2024-04-07T10:00:00Z,EUR,55.00,open,payable,
I8,K5,2024-07-30T10:00:00Z,EUR,5.00,open,invoice,
I9,K6,2024-04-09T10:00:00Z,SEK,9.00,open,invoice,
I10,,2024-04-10T10:00:00Z,EUR,-20.00,open,credit_note,I1
I11,K8,2024-04-11T10:00:00Z,EUR,bad,open,invoice,
""",
    f"bills/{SECOND}/invoices.csv": """\
invoice_id,customer_id,issued_at,currency,total,status,kind
I1,K1,2024-04-01T10:00:00Z,EUR,110.00,paid,invoice
I2,K1,2024-04-02T10:00:00Z,EUR,40.00,open,invoice
""",
    f"bills/{SECOND}/payments.csv": """\
payment_id,invoice_id,paid_at,amount,currency
P1,I3,2024-05-01T10:00:00Z,10.00,
P2,I9,2024-05-01T10:00:00Z,9.00,
""",
    f"till/{FIRST}.csv": """\
Invoice No,Customer ID,Date,Quantity,Unit Price,Amount
T1,C1,2024-04-01,1,2.00,2.00
T2,C1,2024-04-02,1,4.00,4.00
""",
    f"till/{SECOND}.csv": """\
Invoice No,Customer ID,Date,Quantity,Unit Price,Amount
T2,C1,2024-04-02,1,4.00,4.00
""",
}
ACTIVITY = (
    "int_accounts_merged",
    "int_invoices_united",
    "int_customers_listed",
    "int_customers_linked",
    "fct_invoices",
    "fct_payments",
    "int_rates_unusable",
    "int_quarantine_released",
)


class Modelled:
    """The project's own SQL of staging and activity, as dbt compiled it, over a loaded home."""

    def __init__(self, home: Home, compiled: Path) -> None:
        self.connection: duckdb.DuckDBPyConnection = warehouse.connect(home)
        load(home, self.connection, "UTC")
        tables.load(home, self.connection)
        self.connection.execute(f"create or replace table config.run as select date '{AS_OF}' as as_of_date")
        # What other models of staging read. Beside a model's SQL stand the inputs of its unit tests.
        staging, models = compiled / "staging", transformation.DBT_PROJECT / "models"
        found = [path for path in staging.rglob("*.sql") if (models / path.relative_to(compiled)).is_file()]
        before = (
            "int_files_ordered",
            "int_line_versions",
            "int_lines_",
            "int_lookups",
            "stg_crm__opportunity_",
        )
        read = [path for name in before for path in sorted(found) if path.name.startswith(name)]
        others = sorted(path for path in found if path not in read)
        for path in [*read, *others]:
            self._make("staging", path)
        for name in ACTIVITY:
            self._make("activity", compiled / "activity" / f"{name}.sql")
        self._make("reporting", compiled / "reporting" / "quarantine.sql")
        for name in ("int_document_money", "int_rows_by_file", "int_invoices_by_file"):
            self._make("gate", compiled / "gate" / f"{name}.sql")

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(query).fetchall()

    def close(self) -> None:
        self.connection.close()

    def _make(self, schema: str, path: Path) -> None:
        self.connection.execute(f"create schema if not exists {schema}")
        self.connection.execute(
            f"create or replace table {schema}.{path.stem} as {path.read_text(encoding='utf-8')}"
        )


def small_company(folder: Path) -> Home:
    """The company's home, landed."""
    home = Home(folder / "home").prepare()
    for path, text in FILES.items():
        file = home.exports / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (home.config / "sources.yml").write_text(SOURCES)
    (home.config / "account_links.csv").write_text(LINKS)
    (home.config / "exchange_rates.csv").write_text(RATES)
    for system in ("crm", "billing"):
        land(home, system, settle_seconds=0)
    return home


def modelled(home: Home, compiled: Path) -> "closing[Modelled]":
    return closing(Modelled(home, compiled))
