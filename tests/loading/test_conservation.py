from contextlib import closing
from decimal import Decimal

import pytest
from export_files import (
    PAYMENTS,
    SALESFORCE,
    WHOLESALER,
    bring_in,
    land_all,
    load_all,
    payment,
    rows,
    write,
)
from thermocline import warehouse
from thermocline.errors import ThermoclineError
from thermocline.home import Home
from thermocline.loading import recording

needs_wholesaler = pytest.mark.skipif(
    not WHOLESALER.is_dir(), reason="../shared/data/online_retail is absent"
)


@pytest.fixture(scope="module")
def wholesaler(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("wholesaler")).prepare()
    bring_in(home, WHOLESALER, "Europe/London")
    return home


@needs_wholesaler
def test_the_real_year_comes_in_without_losing_a_line_or_a_penny(wholesaler):
    assert rows(
        wholesaler,
        """
        select count(*), count(distinct sha256), sum(rows_read), sum(rows_loaded),
            sum(rows_quarantined), sum(money_read), sum(money_loaded), sum(money_quarantined)
        from raw.files""",
    ) == [(305, 305, 541_909, 541_909, 0, Decimal("9747747.934"), Decimal("9747747.934"), 0)]
    assert rows(
        wholesaler,
        """
        select count(*), count(distinct invoice_id), count(distinct customer_id), sum(amount),
            sum(amount) filter (where customer_id is null),
            count(*) filter (where customer_id is null),
            sum(amount) filter (where kind = 'credit_note'),
            sum(amount) filter (where kind = 'adjustment')
        from raw.invoice_lines""",
    ) == [
        (
            541_909,
            25_900,
            4_372,
            Decimal("9747747.934"),
            Decimal("1447682.12"),
            135_080,
            Decimal("-896812.49"),
            Decimal("-11062.06"),
        )
    ]


@needs_wholesaler
def test_every_real_line_bears_its_file_and_number(wholesaler):
    assert rows(
        wholesaler,
        """
        select count(*) from (
            select file_id, count(*) as lines, min(source_row) as first, max(source_row) as last,
                count(distinct source_row) as numbers
            from raw.invoice_lines group by file_id)
        where first = 1 and last = lines and numbers = lines""",
    ) == [(305,)]
    assert rows(
        wholesaler,
        """
        select invoice_id, product_code from raw.invoice_lines join raw.files using (file_id)
        where source_file = '2010-12-01.csv' and source_row in (1, 3108) order by source_row""",
    ) == [("536365", "85123A"), ("536597", "20755")]


@needs_wholesaler
def test_nothing_new_is_quick_to_see_and_nothing_is_loaded_twice(wholesaler):
    crm, billing = land_all(wholesaler)
    assert (crm.landed, billing.landed, billing.already) == (0, 0, 305)
    assert load_all(wholesaler).files == 0
    assert billing.covered_through is not None
    assert billing.covered_through.isoformat() == "2011-12-09"


@pytest.mark.skipif(not SALESFORCE.is_dir(), reason="../shared/data/salesforce_dataloader is absent")
def test_salesforces_own_samples_come_in_with_the_rows_that_they_have(home):
    bring_in(home, SALESFORCE)
    found = dict(rows(home, "select source_file, rows_loaded from raw.files"))
    assert (found["accountData.csv"], found["opportunityData.csv"]) == (423, 38)
    assert rows(home, "select encoding from raw.files where source_file = 'accountData.csv'") == [
        ("latin-1",)
    ]
    assert rows(
        home, "select name, country from raw.accounts where name = 'Recall Information Management, S. A.'"
    ) == [("Recall Information Management, S. A.", "ES")]
    assert rows(home, "select count(*) from raw.quarantine") == [(0,)]


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("_quarantine", r"records don't reconcile: 2 read, 1 loaded, 0 quarantined"),
        ("_quarantine_rejects", r"records don't reconcile: 3 read, 1 loaded, 1 quarantined"),
    ],
)
def test_a_lost_record_stops_the_load(home, exports, monkeypatch, name, what):
    write(exports, "a.csv", PAYMENTS, payment(1), payment(2, "x"), *(["ragged"] if "rejects" in name else []))
    land_all(home, exports)
    monkeypatch.setattr(recording, name, lambda *_: None)
    with pytest.raises(ThermoclineError, match=what) as failure:
        load_all(home)
    assert failure.value.exit_code == 70
    assert "'a.csv'" in str(failure.value)
    assert rows(home, "select count(*) from raw.payments") == [(0,)]


def test_lost_money_stops_the_load(home, exports, monkeypatch):
    write(exports, "a.csv", PAYMENTS, payment(1, "10.25"), payment(2, "7.50", paid_on="soon"))
    land_all(home, exports)
    keep = recording._quarantine

    def lose(connection, *given):
        keep(connection, *given)
        connection.execute("update raw.quarantine set amount = 7.49")

    monkeypatch.setattr(recording, "_quarantine", lose)
    with pytest.raises(
        ThermoclineError, match=r"money don't reconcile: 17.7500 read, 10.2500 loaded, 7.4900 q"
    ):
        load_all(home)
    assert rows(home, "select count(*) from raw.files") == [(0,)]
    monkeypatch.undo()
    assert load_all(home).rows_quarantined == 1


def test_a_raw_column_that_would_round_amounts_is_made_anew(home, exports):
    write(exports, "a.csv", PAYMENTS, payment(1, "10.25"))
    land_all(home, exports)
    load_all(home)
    with closing(warehouse.connect(home)) as connection:
        connection.execute("alter table raw.payments alter amount type decimal(18, 0)")
    write(exports, "b.csv", PAYMENTS, payment(2, "7.50"))
    land_all(home, exports)
    load_all(home)
    assert rows(home, "select sum(amount) from raw.payments") == [(Decimal("17.75"),)]
