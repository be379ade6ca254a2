"""Invoices and credit notes through the project's own SQL, to the degrees they give."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from law_models import DIMENSIONS, Models

DAY = "2024-03-01"
RATES = ("1", "0.9", "0.92345678", "1.17000001", "4.21")
TABLES = """
create or replace table activity.fct_invoices (
    invoice_id varchar, account_id varchar, credited_invoice_id varchar, kind varchar, status varchar,
    currency varchar, money_state varchar, document_total decimal(18, 4), rate decimal(18, 8),
    total decimal(18, 4), issued_on date);
create or replace table activity.fct_account_events (
    event_id varchar, account_id varchar, kind varchar, direction varchar, outcome varchar,
    amount decimal(18, 4), total_before double, total_after double, normalised_score decimal(18, 9),
    occurred_on date);
create or replace table screening.int_scorecards as
select
    1 as scorecard_version,
    cast({typical} as decimal(18, 4)) as typical_invoice,
    cast(0.5 as decimal(18, 9)) as degrees_transaction,
    cast(0.5 as decimal(18, 9)) as degrees_contribution,
    {others};
"""
OTHERS = (
    "opportunity_opened", "opportunity_lost", "meeting_held", "call_inbound", "call_answered",
    "email_inbound", "email_answered", "chat_inbound", "chat_answered", "letter_inbound",
    "letter_answered", "feedback", "complaint",
)  # fmt: skip


@pytest.fixture(scope="module")
def documents(models: Models) -> Iterator[Models]:
    with closing(Models(models.compiled)) as made:
        yield made


def degrees(
    models: Models, documents: Sequence[dict[str, Any]], typical: str = "200"
) -> list[tuple[str, dict[str, Decimal]]]:
    """The account and the degrees by dimension of each event that gives any."""
    others = ", ".join(f"cast(0.25 as decimal(18, 9)) as degrees_{name}" for name in OTHERS)
    models.connection.execute(TABLES.format(typical=typical, others=others))
    rows = []
    for document in documents:
        amount, rate = Decimal(document["amount"]), Decimal(document.get("rate", "1"))
        rows.append(
            {
                "invoice_id": document["id"], "account_id": document.get("account", "a"),
                "credited_invoice_id": document.get("credits"),
                "kind": "credit_note" if amount < 0 else "invoice",
                "status": document.get("status", "open"),
                "currency": f"rate {rate}",
                "money_state": "void" if document.get("status") == "void" else "attributed",
                "document_total": amount, "rate": rate,
                "total": (amount * rate).quantize(Decimal("0.0001"), ROUND_HALF_UP),
                "issued_on": document.get("day", DAY),
            }
        )  # fmt: skip
    models.fill("activity.fct_invoices", [list(row.values()) for row in rows])
    models.fill(
        "activity.fct_account_events",
        [
            (f"{row['kind']}:{row['invoice_id']}", row["account_id"], row["kind"], None, row["status"],
             row["total"], None, None, None, row["issued_on"])
            for row in rows
        ],
    )  # fmt: skip
    credits = (models.compiled.parent / "activity" / "int_credits_applied.sql").read_text(encoding="utf-8")
    models.connection.execute(
        "update activity.fct_account_events "
        "set total_before = applied.total_before, total_after = applied.total_after "
        f"from ({credits}) as applied where event_id = 'credit_note:' || applied.invoice_id"
    )
    accounts = {row["account_id"] for row in rows}
    models.fill("screening.int_accounts_first_seen", [(account, DAY) for account in accounts])
    models.make("int_bodies", "int_event_degrees")
    found = models.rows(
        f"select account_id, {', '.join(DIMENSIONS)} from screening.int_event_degrees order by all"
    )
    return [(account, dict(zip(DIMENSIONS, each, strict=True))) for account, *each in found]


def total(found: list[tuple[str, dict[str, Decimal]]]) -> dict[str, Decimal]:
    return {name: sum((each[name] for _, each in found), Decimal(0)) for name in DIMENSIONS}


amounts = st.decimals("0.01", "99999999", places=2)


@settings(max_examples=40, deadline=None, database=None, phases=[Phase.generate])
@given(amount=amounts, rate=st.sampled_from(RATES), parts=st.integers(1, 4), seed=st.randoms())
def test_a_full_credit_of_the_same_day_leaves_nothing(
    documents: Models, amount: Decimal, rate: str, parts: int, seed: Random
) -> None:
    cuts = sorted(amount * seed.randrange(1, 100) / 100 for _ in range(parts - 1))
    cuts = [cut.quantize(Decimal("0.01")) for cut in cuts]
    credited = [end - begin for begin, end in zip([Decimal(0), *cuts], [*cuts, amount], strict=True)]
    found = degrees(
        documents,
        [
            {"id": "R", "amount": amount, "rate": rate},
            *({"id": f"G-{number}", "amount": -part, "rate": rate, "credits": "R"}
              for number, part in enumerate(credited) if part),
        ],
    )  # fmt: skip
    assert set(total(found).values()) == {0}


def test_a_credit_of_a_void_invoice_takes_nothing_back(documents: Models) -> None:
    void = {"id": "R", "amount": "100", "status": "void"}
    credit = {"id": "G", "amount": "-100"}
    assert degrees(documents, [void]) == []
    assert degrees(documents, [void, credit | {"credits": "R"}]) == []
    assert total(degrees(documents, [void, credit]))["contribution"] < 0


def test_twice_the_currency_unit_with_twice_the_typical_invoice_changes_nothing(documents: Models) -> None:
    random = Random(5)
    some: list[dict[str, Any]] = []
    for number in range(500):
        amount = Decimal(random.randrange(1, 10 ** random.randrange(2, 9))) / 100
        some.append({"id": f"R-{number}", "amount": amount, "account": f"a{number % 50}"})
        if number % 3 == 0:
            part = (amount * random.choice((1, Decimal("0.3")))).quantize(Decimal("0.01"))
            links = {"credits": f"R-{number}"} if number % 2 else {}
            some.append({"id": f"G-{number}", "amount": -part, "account": f"a{number % 50}", **links})
    some = [each for each in some if each["amount"]]
    once = degrees(documents, some)
    twice = degrees(documents, [each | {"amount": each["amount"] * 2} for each in some], typical="400")
    assert len(once) > 600
    assert twice == once
