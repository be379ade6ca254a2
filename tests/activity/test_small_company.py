"""Identity, versions, deletions and money of a small company, by the project's own SQL."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from screened import Screened
from small_company import SOURCES, Modelled, modelled, small_company
from thermocline.building import transformation
from thermocline.home import Home


@pytest.fixture(scope="module")
def compiled(example: Screened) -> Path:
    return transformation.target_folder(example.home) / "compiled" / "thermocline" / "models"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return small_company(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def company(home: Home, compiled: Path) -> Iterator[Modelled]:
    with modelled(home, compiled) as made:
        yield made


def test_accounts_meet_by_key_link_and_unique_email_and_never_otherwise(company: Modelled) -> None:
    assert company.rows(
        "select billing_customer_id, account_id, linked_by, candidates from activity.int_customers_linked "
        "where billing_customer_id like 'bills:%' order by 1"
    ) == [
        ("bills:K1", "crm:A1", "explicit_key", None),
        ("bills:K10", None, "test_account", None),
        ("bills:K11", None, "deleted_customer", None),
        ("bills:K3", "crm:A2", "explicit_key", None),
        ("bills:K4", "crm:A4", "email", None),
        ("bills:K5", "crm:A5", "link_table", None),
        ("bills:K6", "bills:K6", "ambiguous", "crm:A6, crm:A7"),
        ("bills:K8", "bills:K8", "unlinked", "crm:A8"),
        ("bills:K9", "bills:K9", "unlinked", None),
    ]


def test_a_merged_account_leads_to_its_survivor_and_an_absent_one_was_deleted(company: Modelled) -> None:
    assert company.rows(
        "select crm_account_id, account_id, excluded_because from activity.int_accounts_merged "
        "where account_id is distinct from crm_account_id order by 1"
    ) == [
        ("crm:A10", None, "test_account"),
        ("crm:A3", "crm:A2", None),
        ("crm:A9", None, "deleted_account"),
    ]


def test_where_the_extent_is_full_what_is_absent_was_deleted(company: Modelled) -> None:
    assert company.rows(
        "select document_id, is_current, is_deleted from staging.stg_crm__opportunities order by 1"
    ) == [("O1", True, True), ("O2", True, True)]
    assert company.rows(
        "select document_id, status, money_state from activity.fct_invoices where source = 'till' order by 1"
    ) == [("T1", "void", "void"), ("T2", "open", "attributed")]


def test_money_goes_where_it_belongs(company: Modelled) -> None:
    assert company.rows(
        "select document_id, document_total, total, money_state, unattributed_reason, rate_on::varchar "
        "from activity.fct_invoices where source = 'bills' order by document_id"
    ) == [
        ("I1", Decimal(110), Decimal(110), "attributed", None, None),
        ("I10", Decimal(-20), Decimal(-20), "attributed", None, None),
        ("I2", Decimal(40), Decimal(40), "attributed", None, None),
        ("I3", Decimal(10), Decimal(12), "attributed", None, "2024-01-01"),
        ("I4", Decimal(10), Decimal(8), "void", None, "2024-01-01"),
        ("I5", Decimal(7), Decimal(7), "unattributed", "deleted_customer", None),
        ("I6", Decimal(3), Decimal(3), "unattributed", "no_customer", None),
        ("I7", Decimal(55), Decimal(55), "non_revenue", "unknown_customer", None),
        ("I8", Decimal(5), Decimal(5), "not_yet", None, None),
        ("I9", Decimal(9), None, "no_rate", None, None),
    ]
    assert company.rows("select count(*) from activity.int_customers_listed where customer_code = 'S1'") == [
        (0,)
    ]


def test_every_cent_loaded_is_found_again_in_one_class(company: Modelled) -> None:
    loaded = dict(
        company.rows(
            "select source, sum(money_loaded) from raw.files "
            "where feed in ('invoices', 'invoice_lines') group by 1"
        )
    )
    assert loaded == {"bills": Decimal(329), "till": Decimal(10)}
    kept = company.rows(
        """
        select source, money_state, sum(document_total) from activity.fct_invoices group by 1, 2
        union all
        select source, 'superseded', sum(document_total)
        from staging.stg_billing__invoices where not is_current group by 1
        union all
        select source, 'superseded', sum(amount)
        from staging.stg_billing__invoice_lines where not is_current group by 1
        """
    )
    assert {(source, state): money for source, state, money in kept} == {
        ("bills", "attributed"): Decimal(140),
        ("bills", "unattributed"): Decimal(10),
        ("bills", "void"): Decimal(10),
        ("bills", "superseded"): Decimal(100),
        ("bills", "not_yet"): Decimal(5),
        ("bills", "non_revenue"): Decimal(55),
        ("bills", "no_rate"): Decimal(9),
        ("till", "void"): Decimal(2),
        ("till", "attributed"): Decimal(4),
        ("till", "superseded"): Decimal(4),
    }


def test_a_payment_without_a_currency_is_in_that_of_its_invoice(company: Modelled) -> None:
    assert company.rows(
        "select document_id, currency, amount, account_id from activity.fct_payments order by 1"
    ) == [("P1", "GBP", Decimal(12), "crm:A2"), ("P2", "SEK", None, "bills:K6")]


def test_a_corrected_redelivery_releases_its_record_and_no_other(company: Modelled) -> None:
    assert company.rows(
        "select source, feed, document_id, column_name, value, released_by from reporting.quarantine "
        "order by feed, document_id"
    ) == [
        ("config", "exchange_rates", "SEK", "base_currency", "CHF", None),
        ("bills", "invoices", "I11", "total", "bad", None),
        ("bills", "invoices", "I2", "total", "wrong", "2024-06-01/invoices.csv"),
        ("bills", "invoices", "I9", "currency", "SEK", None),
        ("bills", "payments", "P2", "currency", "SEK", None),
    ]


def test_a_withdrawn_delivery_counts_no_more_and_counts_again_when_it_is_not(
    company: Modelled, home: Home, compiled: Path
) -> None:
    company.close()
    sources = home.config / "sources.yml"
    place = "location: exports/bills"
    sources.write_text(SOURCES.replace(f"{place}}}", f"{place}, withdrawn: [2024-06-01]}}"))
    state = "select document_id, document_total from activity.fct_invoices where document_id in ('I1', 'I2')"
    with modelled(home, compiled) as again:
        assert again.rows(state) == [("I1", Decimal(100))]
        assert again.rows("select source, source_file, delivery_key from raw.withdrawn order by 2") == [
            ("bills", "2024-06-01/invoices.csv", "2024-06-01"),
            ("bills", "2024-06-01/payments.csv", "2024-06-01"),
        ]
        assert again.rows("select released_by from reporting.quarantine where document_id = 'I2'") == [
            (None,)
        ]
    sources.write_text(SOURCES)
    with modelled(home, compiled) as restored:
        assert restored.rows(f"{state} order by 1") == [("I1", Decimal(110)), ("I2", Decimal(40))]
        assert restored.rows("select * from raw.withdrawn") == []
