"""Companies whose documents stand in several tables, as in Northwind's orders and Olist's."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
import xlsxwriter
from screened import Screened, screen
from thermocline.errors import GateBlocked, InputError
from thermocline.home import Home
from thermocline.landing.catalogue import adopt, mappings_in_force
from thermocline.landing.land import land
from thermocline.landing.standing import standing
from thermocline.loading.checking import check, render
from thermocline.loading.load import Loaded, load
from thermocline.mapping.files import load_mappings

ScreenFiles = Callable[..., Screened]

MAPPING = """\
name: trading_post
title: Orders and their details
system: billing
timezone: UTC
currency: USD
delivery: {key: '(\\d{4}-\\d{2}-\\d{2})'}
feeds:
    - feed: billing_customers
      columns: {customer_id: {from: CustomerID, required: true}, name: {from: CompanyName, required: true}}
    - feed: invoices
      columns:
          invoice_id: {from: OrderID, required: true}
          customer_id: {from: CustomerID, required: true}
          issued_at: {from: OrderDate, required: true}
          total: TOTAL
          kind: {expr: "case when \\"OrderID\\" like 'R%' then 'credit_note' else 'invoice' end"}
          status: {expr: "case when \\"Cancelled\\" = '1' then 'void' else 'open' end"}
    - feed: invoice_lines
      columns:
          invoice_id: {from: OrderID, required: true}
          product_code: {from: ProductID, required: true}
          quantity: Quantity
          unit_price: UnitPrice
          amount:
              expr: >-
                  round(cast("UnitPrice" as decimal(18, 4)) * cast("Quantity" as integer)
                  * (1 - cast("Discount" as decimal(18, 4))), 2)
"""
SUM = "{sum_of_lines: true, plus: Freight}"
FREIGHT = "{from: Freight, required: true}"

CUSTOMERS = "CustomerID,CompanyName\nA,Alpha\nB,Beta\n"
ORDERS = """\
OrderID,CustomerID,OrderDate,Freight,Cancelled
1,A,2024-05-01,5.00,0
2,B,2024-05-02,,0
3,A,2024-05-03,7.50,1
R4,B,2024-05-20,0,0
"""
DETAILS = """\
OrderID,ProductID,UnitPrice,Quantity,Discount
2,P1,10.00,3,0
1,P1,10.00,5,0.1
1,P2,0.50,100,0
3,P1,10.00,1,0
R4,P1,10.00,-1,0
"""


def delivered(orders: str = ORDERS, details: str = DETAILS) -> dict[str, str]:
    day = "2024-05-31"
    return {
        f"{day}/customers.csv": CUSTOMERS, f"{day}/orders.csv": orders, f"{day}/order_details.csv": details,
    }  # fmt: skip


def write_files(folder: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return folder


def declared(total: str = SUM, **company: str) -> dict[str, str]:
    return {"mappings/trading_post.yml": MAPPING.replace("TOTAL", total), **company}


def test_an_order_is_worth_the_sum_of_its_lines_and_its_freight(screen_files: ScreenFiles) -> None:
    # Of 30 orders one has no lines, which is too few to block.
    more = [f"{n},A,2024-05-{n - 70:02},1.00,0" for n in range(80, 100)]
    lines = [f"{n},P3,2.00,1,0" for n in range(80, 100)]
    orders = ORDERS + "5,B,2024-05-21,3.00,0\n6,B,2024-05-21,3.00,1\n" + "\n".join(more) + "\n"
    screened = screen_files(delivered(orders, DETAILS + "\n".join(lines) + "\n"), config=declared())

    assert screened.rows("select account_code, revenue_lifetime from account_segments order by 1") == [
        ("A", Decimal(100 + 60)), ("B", Decimal(30 - 10)),
    ]  # fmt: skip
    assert screened.rows(
        "select source_file, source_row, document_id, column_name, reason, amount from quarantine"
    ) == [
        (
            "2024-05-31/orders.csv", 5, "5", "total",
            "is the sum of its lines, and none has come: deliver them", Decimal(3),
        )
    ]  # fmt: skip
    assert screened.rows("select verdict from gate_checks where rule = 'invoices_equal_their_lines'") == [
        ("pass",)
    ]


def test_freight_alone_is_not_published_as_revenue(screen_files: ScreenFiles) -> None:
    with pytest.raises(GateBlocked, match="totals_are_those_of_their_lines"):
        screen_files(delivered(), config=declared(FREIGHT))


def test_orders_without_any_lines_are_not_published(screen_files: ScreenFiles) -> None:
    orders = ORDERS.replace("R4,B", "4,B")
    with pytest.raises(GateBlocked, match="sums_have_their_lines"):
        screen_files(delivered(orders, DETAILS.replace("R4", "9")), config=declared())


@pytest.mark.parametrize(
    ("total", "refused"),
    [
        ("{sum_of_lines: false}", "total.sum_of_lines: expected true"),
        ("{sum_of_lines: true, plus: [Freight, Tax]}", "total.plus: expected one column"),
        ("{sum_of_lines: true, plus: Freight, expr: '\"Tax\"'}", "total.expr: expected beside"),
        ("{sum_of_lines: true, from: Freight}", "total.from: expected beside"),
        ("{from: Freight, plus: Tax}", "total.plus: expected `sum_of_lines: true` beside it"),
        ("{sum_of_lines: true, expr: '1'}", "total.expr: expected vendor columns"),
    ],
)
def test_a_sum_that_does_not_hold_is_refused_by_its_place(tmp_path: Path, total: str, refused: str) -> None:
    home = Home(tmp_path / "home").prepare()
    write_files(home.config, declared(total))
    with pytest.raises(InputError, match=refused.replace("(", "\\(")):
        load_mappings(home)


def test_files_are_left_out_by_name(tmp_path: Path) -> None:
    exports = write_files(
        tmp_path / "exports",
        delivered() | {"archive/2024-04-30/orders.csv": ORDERS, "2024-05-31/Order_Summary.csv": DETAILS},
    )
    write_files(exports, {"2024-05-31/totals.csv": "what,ever\n1,2\n"})
    home = Home(tmp_path / "home").prepare()
    patterns = "exclude_files: ['*summary*', 'archive/*', totals.csv]\n"
    write_files(
        home.config, declared(SUM) | {"mappings/trading_post.yml": MAPPING.replace("TOTAL", SUM) + patterns}
    )
    checked = check(exports, home)
    assert {row.file: row.excluded_by for row in checked.files if row.excluded_by} == {
        "2024-05-31/Order_Summary.csv": "*summary*",
        "2024-05-31/totals.csv": "totals.csv",
        "archive/2024-04-30/orders.csv": "archive/*",
    }
    assert not checked.refused
    assert "left out by exclude_files: archive/*" in render(checked)

    adopt(home, exports)
    warned: list[str] = []
    landing = land(home, "billing", exports, warned.append, settle_seconds=0)
    assert (landing.landed, len(landing.left_out), warned) == (3, 3, [])

    # A pattern that comes later has the same effect, and so has one that goes.
    sources = home.config / "sources.yml"
    plain = sources.read_text()
    sources.write_text(f"{plain}  exclude_files: ['*details*']\n")
    landed = standing(home, mappings_in_force(home))
    assert sorted(arrival.file.feed for arrival in landed.arrivals) == ["billing_customers", "invoices"]
    assert [path for _, path, *_ in landed.withdrawn] == ["2024-05-31/order_details.csv"]
    sources.write_text(plain)
    assert len(standing(home, mappings_in_force(home)).arrivals) == 3


FLAT = """\
name: branches
title: Sales of branches, customers and lines in one file
system: billing
timezone: UTC
currency: EUR
feeds:
    - feed: invoice_lines
      columns:
          invoice_id: {from: Receipt, required: true}
          amount: {from: Amount, required: true}
          issued_at: {from: Day, required: true}
          customer_id: {from: Card, required: true}
          country: {from_path: '^([a-z]{2})/', values: {de: Germany, fr: France}, otherwise: null}
          product_code: {from_sheet: true}
    - feed: billing_customers
      same_file_as: invoice_lines
      columns:
          customer_id: {from: Card, required: true, not_blank: true}
          name: {from: Holder, required: true}
          country: {from_path: '^([a-z]{2})/'}
"""
SALES = """\
Receipt,Amount,Day,Card,Holder
1,5.00,2024-05-01,K1,Ada
2,7.00,2024-05-02,K1,Ada
3,x,2024-05-02,K2,Ben
4,1.00,2024-05-02,,
"""


def loaded(home: Home, exports: Path) -> duckdb.DuckDBPyConnection:
    adopt(home, exports)
    land(home, "billing", exports, settle_seconds=0)
    connection = duckdb.connect()
    load(home, connection, "UTC")
    return connection


def begun(root: Path, mapping: str, name: str) -> Home:
    home = Home(root).prepare()
    write_files(home.config, {f"mappings/{name}.yml": mapping})
    return home


def test_one_file_feeds_several_tables_and_each_reconciles(tmp_path: Path) -> None:
    # The same content from two branches: two files, since the path says which country they are of.
    exports = write_files(tmp_path / "exports", {"de/may.csv": SALES, "fr/may.csv": SALES})
    home = begun(tmp_path / "home", FLAT, "branches")
    checked = check(exports, home)
    assert [(row.file, row.feed, row.rows, row.quarantined, row.unmapped) for row in checked.files] == [
        (f"{country}/may.csv", feed, 4, quarantined, ())
        for country in ("de", "fr")
        for feed, quarantined in (
            ("invoice_lines", {"amount is not a number": 1}),
            ("billing_customers", {"customer_id is blank": 1}),
        )
    ]
    with loaded(home, exports) as connection:
        assert connection.execute(
            "select source_file, feed, rows_read, rows_loaded, rows_quarantined, money_read, money_loaded "
            "from raw.files order by all"
        ).fetchall() == [
            (f"{country}/may.csv", *figures)
            for country in ("de", "fr")
            for figures in (
                ("billing_customers", 4, 3, 1, None, None),
                ("invoice_lines", 4, 3, 1, Decimal(13), Decimal(13)),
            )
        ]
        assert connection.execute(
            "select country, sum(amount), min(product_code) from raw.invoice_lines group by 1 order by 1"
        ).fetchall() == [("France", Decimal(13), None), ("Germany", Decimal(13), None)]
        assert connection.execute(
            "select distinct country, customer_id, name from raw.billing_customers order by all"
        ).fetchall() == [("de", "K1", "Ada"), ("de", "K2", "Ben"), ("fr", "K1", "Ada"), ("fr", "K2", "Ben")]

        # Nothing is loaded twice, and what the path gives follows the mapping.
        assert load(home, connection, "UTC") == Loaded()
        file = home.config / "mappings" / "branches.yml"
        file.write_text(file.read_text().replace("de: Germany", "de: Deutschland"))
        assert load(home, connection, "UTC").reloaded == 2
        # A second feed that is declared later takes what has landed, and one that goes leaves nothing.
        file.write_text(FLAT[: FLAT.index("    - feed: billing_customers")])
        assert load(home, connection, "UTC").withdrawn == 2
        assert connection.execute("select count(*) from raw.billing_customers").fetchone() == (0,)
        file.write_text(FLAT)
        assert load(home, connection, "UTC").files == 2
        assert connection.execute("select count(*) from raw.billing_customers").fetchone() == (6,)


def test_a_sheets_name_is_a_value(tmp_path: Path) -> None:
    exports = write_files(tmp_path / "exports", {})
    exports.mkdir()
    with xlsxwriter.Workbook(exports / "sales.xlsx") as book:
        for name in ("Shoes", "Hats"):
            sheet = book.add_worksheet(name)
            for n, row in enumerate((SALES.splitlines()[0], "1,5.00,2024-05-01,K1,Ada")):
                sheet.write_row(n, 0, row.split(","))
    with loaded(begun(tmp_path / "home", FLAT, "branches"), exports) as connection:
        assert connection.execute(
            "select product_code, country, amount from raw.invoice_lines order by 1"
        ).fetchall() == [("Hats", None, Decimal(5)), ("Shoes", None, Decimal(5))]


@pytest.mark.parametrize(
    ("written", "replaced", "refused"),
    [
        (
            "'^([a-z]{2})/'}\n",
            "'[a-z]{2}/'}\n",
            "country.from_path: expected a regular expression with one group",
        ),
        ("{from_sheet: true}", "{from_sheet: false}", "from_sheet: expected true"),
        ("{from_sheet: true}", "{from_sheet: true, from: A}", "expected exactly one of the keys"),
        (
            "same_file_as: invoice_lines",
            "same_file_as: invoices",
            "same_file_as: expected a feed named before it",
        ),
        (
            "same_file_as: invoice_lines",
            "same_file_as: billing_customers",
            "same_file_as: expected a feed named",
        ),
    ],
)
def test_what_does_not_hold_is_refused_by_its_place(
    tmp_path: Path, written: str, replaced: str, refused: str
) -> None:
    assert written in FLAT
    home = begun(tmp_path / "home", FLAT.replace(written, replaced), "branches")
    with pytest.raises(InputError, match=refused):
        load_mappings(home)


INVOICES = """\
invoice_id,customer_id,issued_at,currency,total,kind,rate_to_base,rate_from_base,rate_base
own,K1,2024-05-01,USD,100.00,invoice,0.95,,
turned,K2,2024-05-01,JPY,10000000,invoice,,150.25,
other base,K3,2024-05-01,GBP,100.00,invoice,1.25,,USD
other base turned,K4,2024-05-01,GBP,100.00,invoice,,0.8,USD
own currency,K5,2024-05-01,EUR,100.00,invoice,7,,
zero,K6,2024-05-01,USD,100.00,invoice,0,,
negative,K7,2024-05-01,USD,100.00,invoice,-1,,
none,K8,2024-05-01,USD,100.00,invoice,,,
base without a rate,K9,2024-05-01,GBP,100.00,invoice,2,,CHF
"""
PAYMENTS = """\
payment_id,customer_id,paid_at,currency,amount,rate_to_base,rate_from_base,rate_base
p1,K1,2024-05-10,USD,100.00,0.97,,
p2,K2,2024-05-10,JPY,15025,,150.25,
p3,K3,2024-05-10,USD,100.00,,,
"""


def test_a_rate_on_the_document_comes_before_the_dated_one(screen_files: ScreenFiles) -> None:
    screened = screen_files(
        {"2024-05-31/invoices.csv": INVOICES, "2024-05-31/payments.csv": PAYMENTS},
        config={
            "company.yml": "reporting_currency: EUR\ngate: {quarantined_share_of_delivery: 1}\n",
            "exchange_rates.csv": "rate_on,currency,base_currency,rate\n2024-01-01,USD,EUR,0.9\n",
        },
    )
    assert dict(screened.rows("select account_code, revenue_lifetime from account_segments order by 1")) == {
        "K1": Decimal("95"),
        "K2": Decimal("66555.7404"),
        "K3": Decimal("112.5"),
        "K4": Decimal("112.5"),
        "K5": Decimal("100"),
        "K6": Decimal("90"),
        "K7": Decimal("90"),
        "K8": Decimal("90"),
        "K9": Decimal("0"),
    }
    assert screened.rows("select document_id, column_name, value from quarantine") == [
        ("base without a rate", "currency", "GBP")
    ]
    assert screened.rows(
        "select document_id, amount from account_timeline where kind = 'payment' order by 1"
    ) == [("p1", Decimal(97)), ("p2", Decimal(100)), ("p3", Decimal(90))]


SHOP = """\
name: marketplace
title: A marketplace's orders, items, payments and customers
system: billing
timezone: UTC
currency: BRL
mode: delta
feeds:
    - feed: lookups
      name: customer_keys
      columns:
          lookup: {constant: customers}
          lookup_key: {from: customer_id, required: true}
          lookup_value: {from: customer_unique_id, required: true, not_blank: true}
    - feed: billing_customers
      same_file_as: customer_keys
      columns:
          customer_id: {from: customer_unique_id, required: true}
          name: {from: customer_city, required: true}
    - feed: lookups
      name: product_names
      columns:
          lookup: {constant: products}
          lookup_key: {from: product_id, required: true}
          lookup_value: {from: product_category_name, required: true}
      match_none: [order_id]
    - feed: invoices
      columns:
          invoice_id: {from: order_id, required: true}
          customer_id: {from: customer_id, required: true, lookup: customers}
          issued_at: {from: order_purchase_timestamp, required: true}
          status: {from: order_status, required: true, values: {canceled: void}, otherwise: paid}
          kind: {constant: invoice}
          total: {sum_of_lines: true}
    - feed: invoice_lines
      columns:
          invoice_id: {from: order_id, required: true}
          line_no: {from: order_item_id, required: true}
          product_code: product_id
          description: {from: product_id, lookup: products}
          amount:
              expr: cast("price" as decimal(18, 4)) + cast("freight_value" as decimal(18, 4))
              required: true
    - feed: payments
      columns:
          payment_id: {from: payment_id, required: true}
          invoice_id: order_id
          paid_at: {constant: '2024-05-02'}
          amount: {from: payment_value, required: true}
"""
SHOP_FILES = {
    "customers.csv": """\
customer_id,customer_unique_id,customer_city
c1,ana,Recife
c2,ana,Recife
c3,bia,Natal
c4,caio,Belem
c4,davi,Belem
""",
    "products.csv": "product_id,product_category_name\np1,perfume\n",
    "orders.csv": """\
order_id,customer_id,order_status,order_purchase_timestamp
o1,c1,delivered,2024-05-01 10:00:00
o2,c2,delivered,2024-05-03 10:00:00
o3,c3,canceled,2024-05-04 10:00:00
o4,c4,delivered,2024-05-04 10:00:00
o5,c9,delivered,2024-05-04 10:00:00
""",
    "items.csv": """\
order_id,order_item_id,product_id,price,freight_value
o1,1,p1,100.00,10.00
o1,2,p2,50.00,5.00
o2,1,p1,70.00,0.00
o4,1,p1,3.00,0.00
o5,1,p1,4.00,0.00
""",
    "pay.csv": "order_id,payment_id,payment_value\no1,x1,165.00\n",
}


def test_keys_are_looked_up_in_another_table(screen_files: ScreenFiles) -> None:
    gate = "reporting_currency: BRL\ngate: {unattributed_share_blocks: 1}\n"
    screened = screen_files(SHOP_FILES, config={"mappings/marketplace.yml": SHOP, "company.yml": gate})
    assert screened.rows(
        "select account_code, revenue_lifetime from account_segments where revenue_lifetime <> 0 order by 1"
    ) == [("ana", Decimal(235))]
    assert screened.rows(
        "select source_file, document_id, column_name, value, reason from quarantine order by 1, 2, 3"
    ) == [
        ("items.csv", "o1", "description", "p2", "is not in the look-up products: it counts as blank"),
        (
            "orders.csv", "o4", "customer_id", "c4",
            "has several values in the look-up customers: it counts as blank",
        ),
        ("orders.csv", "o5", "customer_id", "c9", "is not in the look-up customers: it counts as blank"),
    ]  # fmt: skip
    assert screened.rows("select reason, revenue from unattributed_revenue") == [("no_customer", Decimal(7))]

    # The table with the key comes later: the orders that landed before find their customer.
    late = write_files(
        screened.home.exports, {"late.csv": "customer_id,customer_unique_id,customer_city\nc9,eva,Rio\n"}
    )
    again = screen(screened.home, late)
    assert again.rows(
        "select account_code, revenue_lifetime from account_segments where revenue_lifetime <> 0 order by 1"
    ) == [("ana", Decimal(235)), ("eva", Decimal(4))]


@pytest.mark.parametrize(
    ("written", "replaced", "refused"),
    [
        ("lookup: products}", "lookup: product}", "lookup: expected a look-up of the mapping"),
        (
            "from: product_id, lookup: products",
            "from: product_id, lookup: sizes",
            "expected a look-up of the mapping",
        ),
        (
            "invoice_id: order_id",
            "invoice_id: {from: order_id, lookup: products}",
            "lookup: expected it at one of",
        ),
    ],
)
def test_a_look_up_that_nobody_holds_is_refused(
    tmp_path: Path, written: str, replaced: str, refused: str
) -> None:
    home = begun(tmp_path / "home", SHOP.replace(written, replaced), "marketplace")
    with pytest.raises(InputError, match=refused):
        load_mappings(home)
