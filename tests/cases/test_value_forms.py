"""Numbers, truth values, days and ids as exports write them: each is read right, or named."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
import yaml
from thermocline.home import Home
from thermocline.landing.land import land
from thermocline.loading.checking import check, render
from thermocline.loading.load import load

QUICKBOOKS_LIST = """\
Date;Transaction Type;Num;Name;Due Date;Amount;Open Balance
2026-05-04;Invoice;1001;Nordlicht GmbH;2026-06-03;12,50;0,00
2026-05-11;Invoice;1002;Nordlicht GmbH;2026-06-10;1.234,56;1.234,56
2026-05-18;Invoice;1003;Hafenkontor KG;2026-06-17;980;980
2026-06-02;Credit Memo;1004;Hafenkontor KG;;-50,25;0,00
"""
STRIPE_PAYMENTS = """\
id,Description,Created (UTC),Amount,Amount Refunded,Currency,Fee,Status,Customer ID,Invoice ID
ch_a1,Plan,2026-05-05 08:00,"49,90","0,00",eur,"1,00",Paid,cus_a,in_a1
ch_a2,Plan,2026-06-05 08:00,"1.049,90","10,50",eur,"1,00",Paid,cus_a,in_a2
"""
SYNCED = "2026-06-30 01:00:00"
FIVETRAN_DESTINATION = {
    "quickbooks/invoice-2026-06-30.csv": f"""\
id,customer_id,transaction_date,due_date,currency_id,total_amount,balance,_fivetran_deleted,_fivetran_synced
1,c1,2026-05-04,2026-06-03,USD,100.00,0.00,f,{SYNCED}
2,c1,2026-05-05,2026-06-04,USD,900.00,900.00,t,{SYNCED}
""",
    "quickbooks/payment-2026-06-30.csv": f"""\
id,customer_id,transaction_date,total_amount,unapplied_amount,currency_id,_fivetran_deleted,_fivetran_synced
p1,c1,2026-05-20,100.00,0,USD,f,{SYNCED}
p2,c1,2026-05-21,77.00,0,USD,t,{SYNCED}
""",
    "stripe/invoices-2026-06-30.csv": """\
id,customer_id,created,due_date,currency,total,status,attempt_count,billing_reason,is_deleted
in_1,cus_1,2026-05-04 10:00:00,,usd,20000,paid,1,manual,f
in_2,cus_1,2026-05-05 10:00:00,,usd,70000,open,1,manual,t
""",
    "stripe/charges-2026-06-30.csv": """\
id,invoice_id,customer_id,created,amount,amount_refunded,currency,status,captured
ch_1,in_1,cus_1,2026-05-04 10:01:00,20000,0,usd,succeeded,t
ch_2,,cus_1,2026-05-06 10:01:00,55500,0,usd,succeeded,f
""",
    "xero/contact-2026-06-30.csv": f"""\
contact_id,name,contact_status,is_supplier,is_customer,_fivetran_deleted,_fivetran_synced
x1,Paper Mill Ltd,ACTIVE,t,f,,{SYNCED}
""",
    "salesforce/2026-06-30/Task.csv": """\
id,account_id,activity_date,completed_date_time,created_date,task_subtype,call_type,call_disposition,subject,is_closed,is_deleted,system_modstamp
00T1,001A,2026-06-20,,2026-06-01T10:00:00Z,Call,Inbound,Answered,open reminder,f,,2026-06-30T01:00:00Z
""",
    "hubspot/deal-2026-06-30.csv": f"""\
deal_id,property_hs_primary_associated_company,property_createdate,deal_pipeline_stage_id,property_amount,property_closedate,property_hs_is_closed,property_hs_is_closed_won,_fivetran_synced
d1,900,2026-05-01 10:00:00,88812,500,2026-06-01 10:00:00,t,f,{SYNCED}
""",
}
SPELLINGS = [("t", "f"), ("TRUE", "False"), ("Yes", "NO"), ("1", "0"), ("1.0", "0.0"), ("Y", " n ")]
ZONES = ("America/New_York", "UTC", "Asia/Tokyo")


class Loaded:
    """What files became in schema raw, in a company's zone."""

    def __init__(self, root: Path, files: dict[str, str], zone: str = "UTC", **said: str) -> None:
        self.connection = duckdb.connect()
        self.folder = root / "exports"
        home = Home(root / "home").prepare()
        for name, content in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        vendors = sorted({name.split("/")[0] for name in files})
        sources = [
            {"mapping": vendor, "location": str(self.folder / vendor), **said.get(vendor, {})}
            for vendor in vendors
        ]
        (home.config / "sources.yml").write_text(yaml.safe_dump({"sources": sources}))
        for system in ("crm", "billing"):
            land(home, system, settle_seconds=0)
        load(home, self.connection, zone)

    def rows(self, query: str) -> list[tuple]:
        return self.connection.execute(query).fetchall()

    @property
    def quarantined(self) -> list[tuple]:
        return self.rows("select column_name, value, reason from raw.quarantine order by all")

    @property
    def left_out(self) -> list[tuple]:
        return self.rows("select document_id, reason from raw.excluded order by all")


def test_case_01_decimal_commas_are_refused_undeclared_and_read_when_declared(tmp_path):
    files = {
        "quickbooks/invoice-list-2026-06-30.csv": QUICKBOOKS_LIST,
        "stripe/payments.csv": STRIPE_PAYMENTS,
    }
    undeclared = Loaded(tmp_path / "undeclared", files)
    assert undeclared.rows("select invoice_id, total from raw.invoices") == [("1003", Decimal(980))]
    assert undeclared.rows("select * from raw.payments") == []
    assert undeclared.quarantined == [
        ("Amount", value, "is not a number") for value in ("-50,25", "1.049,90", "1.234,56", "12,50", "49,90")
    ]
    hint = "declare `numbers: comma` for the source in config/sources.yml"
    assert render(check(undeclared.folder)).count(hint) == 2

    comma = {"numbers": "comma"}
    declared = Loaded(tmp_path / "declared", files, quickbooks=comma, stripe=comma)
    assert declared.quarantined == []
    assert declared.rows("select invoice_id, total, status from raw.invoices order by 1") == [
        ("1001", Decimal("12.50"), "paid"),
        ("1002", Decimal("1234.56"), "open"),
        ("1003", Decimal(980), "open"),
        ("1004", Decimal("-50.25"), "paid"),
    ]
    assert declared.rows("select payment_id, amount from raw.payments order by 1") == [
        ("ch_a1", Decimal("49.90")),
        ("ch_a2", Decimal("1039.40")),
    ]


def test_a_report_of_the_american_locale_is_read_as_it_comes(tmp_path):
    report = """\
Date,Transaction Type,Num,Name,Due Date,Amount,Open Balance,Currency
2026-05-04,Invoice,1,Harbor,2026-06-03,"$1,250.00",0.00,USD
2026-05-05,Invoice,2,Harbor,2026-06-03,"1,250.00 EUR",0.00,USD
2026-05-06,Credit Memo,3,Harbor,,"(1,250.00)",0.00,USD
2026-05-07,Invoice,4,Harbor,,12%,0.00,USD
2026-05-08,Invoice,5,Harbor,,"$1,250.00","12,50",USD
2026-05-09,Invoice,6,Harbor,,$5.00,0.00,
"""
    loaded = Loaded(tmp_path, {"quickbooks/invoice-list.csv": report})
    assert loaded.rows("select invoice_id, total from raw.invoices order by 1") == [
        ("1", Decimal(1250)),
        ("3", Decimal(-1250)),
    ]
    assert [(value, reason.split(":")[0]) for _, value, reason in loaded.quarantined] == [
        ("$5.00", "names a currency, and the record has none"),
        ("1,250.00 EUR", "names another currency than the record"),
        ("12%", "is not a number"),
        ("12,50", "is not a number"),
    ]


def test_case_02_truth_values_of_a_database_decide_in_every_mapping(tmp_path):
    loaded = Loaded(tmp_path, FIVETRAN_DESTINATION)
    assert loaded.quarantined == []
    # Deleted documents are void or left out.
    standing = "select invoice_id from raw.invoices where status != 'void' order by 1"
    assert loaded.rows(standing) == [("1",), ("in_1",)]
    assert loaded.rows("select payment_id from raw.payments order by 1") == [("ch_1",), ("p1",)]
    left_out = {document for document, _ in loaded.left_out}
    assert {"00T1", "ch_2", "p2", "x1"} <= left_out <= {"00T1", "ch_2", "p2", "x1", "2", "in_2"}
    assert loaded.rows("select outcome, closed_at from raw.opportunities") == [
        ("lost", datetime(2026, 6, 1, 10))
    ]


def test_every_spelling_of_a_truth_value_decides_and_an_unknown_one_is_quarantined(tmp_path):
    header = "id,invoice_id,customer_id,created,amount,amount_refunded,currency,status,captured"
    spelt = [word for pair in SPELLINGS for word in pair]
    charges = [
        f"ch_{n},,c,2026-05-04 10:00:00,100,0,usd,succeeded,{word}"
        for n, word in enumerate([*spelt, "", "perhaps", "2"])
    ]
    loaded = Loaded(tmp_path, {"stripe/charges.csv": "\n".join([header, *charges, ""])})
    taken = loaded.rows("select payment_id from raw.payments order by cast(payment_id[4:] as integer)")
    assert taken == [(f"ch_{n}",) for n in (*range(0, len(spelt), 2), len(spelt))]
    assert len(loaded.left_out) == len(SPELLINGS)
    assert loaded.quarantined == [("captured", value, "is not true or false") for value in ("2", "perhaps")]


@pytest.mark.parametrize("zone", ZONES)
def test_case_17_a_day_at_midnight_is_that_day_in_every_zone(tmp_path, zone):
    midnights = [
        "2026-06-01T00:00:00.000000Z",
        "2026-06-01",
        "2026-06-01 00:00:00 UTC",
        "2026-06-01T00:00:00.000+0000",
        "2026-06-01T00:00:00+09:00",
    ]
    header = (
        "Id,CustomerRef.value,TxnDate,DueDate,CurrencyRef.value,TotalAmt,Balance,MetaData.LastUpdatedTime"
    )
    xero = "InvoiceID,ContactID,Date,DueDate,CurrencyCode,Total,Status,Type,UpdatedDateUTC"
    updated = "2026-06-02T03:04:05Z"
    loaded = Loaded(
        tmp_path,
        {
            "quickbooks/invoice.csv": "\n".join(
                [header, *(f"{n},c,{day},{day},USD,1,1,{updated}" for n, day in enumerate(midnights)), ""]
            ),
            "xero/invoice.csv": "\n".join(
                [
                    xero,
                    *(
                        f"i{n},c,{day},{day},USD,1,AUTHORISED,ACCREC,{updated}"
                        for n, day in enumerate([*midnights, "/Date(1780272000000+0000)/", "1780272000"])
                    ),
                    "",
                ]
            ),
        },
        zone,
    )
    assert loaded.quarantined == []
    issued_on, due_on = (
        f"cast(timezone('{zone}', timezone('UTC', {moment})) as date)" for moment in ("issued_at", "due_at")
    )
    assert loaded.rows(f"select {issued_on}, {due_on}, count(*) from raw.invoices group by all") == [
        (date(2026, 6, 1), date(2026, 6, 1), 12)
    ]


def test_a_meeting_of_the_whole_day_is_on_its_day_and_a_closed_deal_too(tmp_path):
    events = """\
Id,AccountId,WhoId,StartDateTime,IsAllDayEvent,Subject,IsDeleted,SystemModstamp
1,001A,,2026-06-01T00:00:00.000Z,true,Fair,false,2026-06-30T01:00:00Z
2,001A,,2026-06-01T00:00:00.000Z,false,Late call,false,2026-06-30T01:00:00Z
"""
    deals = """\
Id,AccountId,StageName,CreatedDate,CloseDate,IsClosed,IsWon,SystemModstamp
3,001A,Won,2026-05-01T10:00:00Z,2026-06-01T00:00:00Z,t,t,2026-06-30T01:00:00Z
"""
    loaded = Loaded(
        tmp_path,
        {"salesforce/2026-06-30/Event.csv": events, "salesforce/2026-06-30/Opportunity.csv": deals},
        "America/New_York",
    )
    assert loaded.quarantined == []
    assert loaded.rows("select communication_id, occurred_at from raw.communications order by 1") == [
        ("1", datetime(2026, 6, 1, 4)),
        ("2", datetime(2026, 6, 1, 0)),
    ]
    assert loaded.rows("select expected_on, closed_at from raw.opportunities") == [
        (date(2026, 6, 1), datetime(2026, 6, 1, 4))
    ]


@pytest.mark.parametrize("number", ["2.0260E+11", "2,026E+12", "1.2E+05", "2E+11"])
def test_case_08_ids_that_a_spreadsheet_shortened_are_refused_in_every_key(tmp_path, number):
    header = "invoice_id,customer_id,issued_at,currency,total,status,kind"
    records = [
        f'"{number}",C1,2026-05-04,USD,100.00,paid,invoice',
        f'7,"{number}",2026-05-11,USD,250.00,paid,invoice',
        "12E4,C3,2026-06-08,USD,40.00,paid,invoice",
    ]
    loaded = Loaded(tmp_path, {"canonical_billing/invoices.csv": "\n".join([header, *records, ""])})
    assert [(column, value) for column, value, _ in loaded.quarantined] == [
        ("customer_id", number),
        ("invoice_id", number),
    ]
    assert {reason.split(":")[0] for *_, reason in loaded.quarantined} == {
        "is a number that a spreadsheet has shortened"
    }
    assert loaded.rows("select invoice_id, total from raw.invoices") == [("12E4", Decimal(40))]


def test_numbers_of_json_meet_their_text_twins_as_keys(tmp_path):
    invoices = """\
{"invoice_id": 1.0, "customer_id": 1e3, "issued_at": "2026-05-04", "total": 1.5e2, "kind": "invoice"}
{"invoice_id": 9007199254740993, "customer_id":"1000.0","total":1, "issued_at": "2026-05-04","kind":"invoice"}
"""
    customers = "customer_id,name\n1000,Harbor\n"
    loaded = Loaded(
        tmp_path,
        {
            "canonical_billing/invoices.jsonl": invoices,
            "canonical_billing/billing_customers.csv": customers,
        },
    )
    assert loaded.rows(
        "select invoice_id, name, total from raw.invoices "
        "join raw.billing_customers using (customer_id) order by 1"
    ) == [("1", "Harbor", Decimal(150)), ("9007199254740993", "Harbor", Decimal(1))]


def test_a_column_may_write_numbers_in_its_own_way(tmp_path):
    home = Home(tmp_path / "home").prepare()
    (home.config / "mappings").mkdir()
    (home.config / "mappings" / "till.yml").write_text("""\
name: till
title: A till
system: billing
numbers: point
feeds:
    - feed: invoices
      columns:
          invoice_id: {from: Bon, required: true}
          issued_at: {from: Tag, required: true}
          total: {from: Total, required: true, numbers: comma}
          kind: {constant: invoice}
          status: {from: Paid, values: {true: paid, false: open}}
          open_balance: {from: Open}
""")
    exports = tmp_path / "exports"
    exports.mkdir()
    (exports / "till.csv").write_text(
        'Bon;Tag;Total;Paid;Open\n1;2026-05-04;1.234;Y;1.234\n2;2026-05-04;12,50;f;"1,234"\n'
    )
    (home.config / "sources.yml").write_text(
        yaml.safe_dump({"sources": [{"mapping": "till", "location": str(exports)}]})
    )
    land(home, "billing", settle_seconds=0)
    with duckdb.connect() as connection:
        load(home, connection, "UTC")
        found = connection.execute(
            "select total, status, open_balance from raw.invoices order by invoice_id"
        ).fetchall()
    assert found == [
        (Decimal(1234), "paid", Decimal("1.234")),
        (Decimal("12.5"), "open", Decimal(1234)),
    ]
