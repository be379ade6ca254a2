"""What HubSpot, Salesforce and plain files of invoice lines mean, by exports that users reported."""

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from export_files import bring_in, disconnect, rows, write_bytes
from screened import Screened, screen
from thermocline.command import summary
from thermocline.home import Home

SPELLINGS = [*product(("InvoiceNo", "Invoice"), ("UnitPrice", "Price"), ("CustomerID", "Customer ID"))]

FOLDER = "2026-06-30"
COMPANY = {
    # Companies 700 and 800 became 900, 922 became 921 and that 920, 983 both 981 and 982; deal 72 became 71.
    f"hubspot/{FOLDER}/company.csv": """\
id,property_name,property_country,property_hs_merged_object_ids,is_deleted,_fivetran_synced
900,Bluebay Ltd,Malta,700;800,false,2026-06-30 01:00:00
700,Bluebay,Malta,,true,2026-06-30 01:00:00
800,Blue Bay Limited,Malta,,true,2026-06-30 01:00:00
901,Kestrel Sports,Ireland,,false,2026-06-30 01:00:00
902,Kestrel Holding,Ireland,,false,2026-06-30 01:00:00
920,Chained,Ireland,,false,2026-06-30 01:00:00
981,Early Heir,Ireland,,false,2026-06-30 01:00:00
982,Late Heir,Ireland,,false,2026-06-30 01:00:00
""",
    f"hubspot/{FOLDER}/merged_company.csv": """\
company_id,merged_company_id,_fivetran_synced
921,922,2026-06-30 01:00:00
920,921,2026-06-30 01:00:00
981,983,2026-06-30 01:00:00
982,983,2026-06-30 01:00:00
""",
    f"hubspot/{FOLDER}/deal.csv": """\
deal_id,property_hs_primary_associated_company,property_createdate,deal_pipeline_stage_id,property_hs_merged_object_ids,is_deleted,_fivetran_synced
71,800,2026-06-01 10:00:00,appointmentscheduled,"79,72",false,2026-06-30 01:00:00
72,800,2026-06-01 11:00:00,appointmentscheduled,,false,2026-06-30 01:00:00
73,,2026-06-01 12:00:00,appointmentscheduled,,false,2026-06-30 01:00:00
74,,2026-06-01 13:00:00,appointmentscheduled,,false,2026-06-30 01:00:00
75,900,2026-06-01 14:00:00,appointmentscheduled,,false,2026-06-30 01:00:00
""",
    f"hubspot/{FOLDER}/merged_deal.csv": """\
deal_id,merged_deal_id,_fivetran_synced
71,75,2026-06-30 01:00:00
""",
    # 5 is the primary company's type, 341 that of any.
    f"hubspot/{FOLDER}/deal_company.csv": """\
deal_id,company_id,type_id,category,_fivetran_deleted,_fivetran_synced
73,901,5,HUBSPOT_DEFINED,false,2026-06-30 01:00:00
73,901,341,HUBSPOT_DEFINED,false,2026-06-30 02:00:00
73,902,341,HUBSPOT_DEFINED,false,2026-06-30 02:00:00
74,901,341,HUBSPOT_DEFINED,false,2026-06-30 01:00:00
74,902,5,HUBSPOT_DEFINED,true,2026-06-30 02:00:00
71,901,5,HUBSPOT_DEFINED,false,2026-06-30 01:00:00
""",
    f"hubspot/{FOLDER}/all-companies.csv": """\
Record ID,Company name,Country/Region,Merged Record IDs,Last Modified Date
910,Harbour Ltd,Malta,"810, 710",2026-06-29 10:00
""",
    f"salesforce/{FOLDER}/Account.csv": """\
Id,Name,BillingCountry,IsDeleted,SystemModstamp
0015g00000AbCdEAAV,Harbor Tools,United States,false,2026-06-30T01:00:00.000Z
0015g00000AbCde,Kestrel Sports Two,Ireland,false,2026-06-30T01:00:00.000Z
""",
    f"salesforce/{FOLDER}/Opportunity.csv": """\
id,account_id,created_date,stage_name,is_closed,is_won,is_deleted,_fivetran_deleted,_fivetran_active,_fivetran_start,_fivetran_end
0065g00000AAAAA,0015g00000AbCdE,2026-06-01T10:00:00Z,New,false,false,false,false,false,2026-06-01T10:00:00Z,2026-06-09T09:59:59Z
0065g00000AAAAA,0015g00000AbCdE,2026-06-01T10:00:00Z,Late,false,false,false,false,true,2026-06-09T10:00:00Z,9999-12-31T23:59:59Z
0065g00000BBBBB,0015g00000AbCdE,2026-06-01T10:00:00Z,Ended,false,false,false,false,false,2026-06-01T10:00:00Z,2026-06-09T10:00:00Z
0065g00000CCCCC,0015g00000AbCdE,2026-06-01T10:00:00Z,Deleted,false,false,true,false,true,2026-06-01T10:00:00Z,9999-12-31T23:59:59Z
0065g00000DDDDD,0015g00000AbCdE,2026-06-01T10:00:00Z,Deleted,false,false,false,true,true,2026-06-01T10:00:00Z,9999-12-31T23:59:59Z
""",
    f"stripe/customers-{FOLDER}.csv": """\
id,name,email,metadata.account_id,delinquent,invoice_prefix
cus_700,Bluebay,a@bluebay.example,700,false,A1
cus_800,Blue Bay,b@bluebay.example,800,false,A2
cus_710,Harbour,c@harbour.example,710,false,A3
cus_922,Chained,d@chained.example,922,false,A4
cus_h,HT Billing,e@harbor.example,0015g00000AbCdE,false,A5
cus_k,KS Billing,f@kestrel.example,0015g00000AbCde,false,A6
""",
    f"stripe/invoices-{FOLDER}.csv": """\
id,customer,created,currency,total,status,attempt_count,billing_reason
in_1,cus_700,2026-06-10 10:00:00,eur,50000,paid,1,manual
in_2,cus_800,2026-06-10 10:00:00,eur,50000,paid,1,manual
in_3,cus_710,2026-06-10 10:00:00,eur,100000,paid,1,manual
in_4,cus_922,2026-06-10 10:00:00,eur,100000,paid,1,manual
in_h,cus_h,2026-06-10 10:00:00,eur,100000,paid,1,manual
in_k,cus_k,2026-06-11 10:00:00,eur,50000,paid,1,manual
""",
}


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


def test_of_plain_lines_drafts_are_left_out_and_usual_states_are_known(loaded):
    states = {
        "Unpaid": "open",
        "Partially paid": "open",
        "Past due": "open",
        "PAID": "paid",
        "Voided": "void",
    }
    lines = [f"{n},A1,1,5,5,2026-06-01,7,{state}" for n, state in enumerate([*states, "Draft", "Odd"])]
    loaded.take({"lines.csv": "\n".join(["Invoice,SKU,Qty,Price,Amount,Date,Customer,Status", *lines, ""])})
    assert loaded.rows("select status from raw.invoice_lines order by source_row") == [
        (state,) for state in states.values()
    ]
    assert loaded.rows("select reason from raw.excluded") == [("is a draft",)]
    assert loaded.rows("select value from raw.quarantine") == [("Odd",)]


def test_an_empty_key_of_salesforces_weekly_export_is_blank(loaded):
    zeros = "000000000000000"
    loaded.take(
        {
            f"{FOLDER}/Account.csv": "Id,Name,BillingCountry,MasterRecordId,ParentId,SystemModstamp\n"
            f"0015g00000AbCdE,Harbor,Ireland,{zeros}AAA,{zeros},2026-06-30 01:00:00\n"
        }
    )
    assert loaded.rows("select account_id, merged_into_account_id, parent_account_id from raw.accounts") == [
        ("0015g00000AbCdEAAV", None, None)
    ]


def test_deals_of_hubspots_api_find_their_companies(loaded):
    deal = {
        "id": "11",
        "properties": {
            "hs_object_id": "11",
            "amount": "1500",
            "dealstage": "closedwon",
            "createdate": "2026-06-01T10:00:00.000Z",
            "closedate": "2026-06-20T00:00:00Z",
        },
        "createdAt": "2026-06-01T10:00:00.000Z",
        "updatedAt": "2026-06-20T10:00:00.000Z",
        "archived": False,
        "associations": {
            "companies": {
                "results": [
                    {"id": "700", "type": "deal_to_company"},
                    {"id": "700", "type": "deal_to_company_unlabeled"},
                    {"id": "701", "type": "deal_to_company_unlabeled"},
                ]
            }
        },
    }
    loaded.take({"deals.json": json.dumps({"results": [deal]})})
    assert loaded.rows("select opportunity_id, account_id from raw.opportunities") == [("11", None)]
    assert loaded.rows(
        "select opportunity_id, account_id, is_primary from raw.opportunity_accounts order by source_row"
    ) == [("11", "700", True), ("11", "700", False), ("11", "701", False)]


@pytest.fixture(scope="module")
def company(example: Screened, tmp_path_factory: pytest.TempPathFactory) -> Screened:
    """A company with merges, associations, both forms of ids and every version of its opportunities."""
    folder = tmp_path_factory.mktemp("crm-vendors")
    for path, text in COMPANY.items():
        write_bytes(folder / "exports", path, text.encode())
    home = example.begin(folder / "home")
    (home.config / "account_links.csv").write_text(LINKS)
    return screen(home, folder / "exports", date(2026, 6, 30))


LINKS = """\
crm_account_id,billing_customer_id
hubspot:901,stripe:cus_nobody
hubspot:900,stripe:cus_700
hubspto:901,stripe:cus_k
"""


def failing(company: Screened, measure: str) -> list[tuple[object, ...]]:
    return company.rows(
        "select failing_key, detail, source_file, source_row from gate_failures where measure = ? order by 4",
        measure,
    )


def test_a_merge_with_two_living_survivors_is_warned_of_with_file_record_and_both_ids(company):
    told = "merged into hubspot:982, which counts, and into hubspot:981, which lives too"
    file = f"hubspot/{FOLDER}/merged_company.csv"
    assert failing(company, "undecided_merges") == [
        ("hubspot:983", told, file, 3),
        ("hubspot:983", told, file, 4),
    ]
    assert "1 merged accounts with two survivors that both live (allowed: 0)" in summary.warnings(
        company.home, company.published.content_hash
    )


def test_a_link_that_names_nobody_is_warned_of_with_its_row(company):
    assert failing(company, "unknown_links") == [
        (
            "hubspot:901, stripe:cus_nobody",
            "no customer has the id stripe:cus_nobody",
            "config/account_links.csv",
            1,
        ),
        (
            "hubspto:901, stripe:cus_k",
            "no account has the id hubspto:901",
            "config/account_links.csv",
            3,
        ),
    ]


def test_03_billing_follows_a_hubspot_company_through_its_merges(company):
    assert dict(
        company.rows(
            "select account_id, revenue_lifetime from account_segments where account_id like 'hubspot:9_0'"
        )
    ) == {"hubspot:900": Decimal(1000), "hubspot:910": Decimal(1000), "hubspot:920": Decimal(1000)}
    assert company.rows(
        "select alias_id, account_id from account_links where alias_kind = 'merged_account' order by 1"
    ) == [
        ("hubspot:700", "hubspot:900"),
        ("hubspot:710", "hubspot:910"),
        ("hubspot:800", "hubspot:900"),
        ("hubspot:810", "hubspot:910"),
        ("hubspot:921", "hubspot:920"),
        ("hubspot:922", "hubspot:920"),
        ("hubspot:983", "hubspot:982"),
    ]
    assert company.value("select temperature from account_segments where account_id = 'hubspot:900'") == "hot"


def opened(company: Screened, account_id: str) -> list[str]:
    return [
        record_id
        for (record_id,) in company.rows(
            "select event_id from account_timeline "
            "where account_id = ? and event_id like 'opportunity:%' order by 1",
            account_id,
        )
    ]


def test_03_merged_deals_heat_once(company):
    assert opened(company, "hubspot:900") == ["opportunity:hubspot:71:opened"]


def test_18_a_deal_without_a_company_of_its_own_is_its_primary_companys(company):
    assert opened(company, "hubspot:901") == [
        "opportunity:hubspot:73:opened",
        "opportunity:hubspot:74:opened",
    ]
    assert opened(company, "hubspot:902") == []


def test_07_salesforce_ids_of_15_and_18_characters_meet_and_never_cross(company):
    assert company.rows(
        "select account_id, revenue_lifetime from account_segments "
        "where account_id like 'salesforce:%' order by 1"
    ) == [
        ("salesforce:0015g00000AbCdEAAV", Decimal(1000)),
        ("salesforce:0015g00000AbCdeAAF", Decimal(500)),
    ]
    assert company.rows(
        "select count(*) from account_links where linked_by in ('unlinked', 'ambiguous')"
    ) == [(0,)]


def test_of_salesforce_opportunities_the_active_version_counts_and_deleted_ones_do_not(company):
    assert opened(company, "salesforce:0015g00000AbCdEAAV") == [
        "opportunity:salesforce:0065g00000AAAAAAA5:opened"
    ]


def test_billing_in_history_mode_counts_active_versions_too(loaded):
    loaded.take(
        {
            "stripe/invoice-2026-06-30.csv": "id,customer,created,currency,total,status,attempt_count,"
            "_fivetran_active,_fivetran_start,_fivetran_end\n"
            "in_1,cus_1,2026-06-10 10:00:00,eur,100,open,1,f,2026-06-10 10:00:00,2026-06-11 09:59:59\n"
            "in_1,cus_1,2026-06-10 10:00:00,eur,200,paid,1,t,2026-06-11 10:00:00,9999-12-31 23:59:59\n"
            "in_2,cus_1,2026-06-10 10:00:00,eur,300,paid,1,perhaps,2026-06-11 10:00:00,\n"
        }
    )
    assert loaded.rows("select invoice_id, total from raw.invoices") == [("in_1", Decimal(2))]
    assert [str(moment) for (moment,) in loaded.rows("select updated_at from raw.excluded")] == [
        "2026-06-11 09:59:59"
    ]
    assert loaded.rows("select count(*) from raw.quarantine") == [(1,)]
