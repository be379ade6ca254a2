"""The screening of the example company in pandas, as one would write it.

`python with_pandas.py EXPORTS AS_OF FOLDER`.

The same rules as `by_hand.sql`, and the same tables, as pickles in FOLDER. It quarantines nothing, proves
nothing, keeps no lineage, and starts anew each time.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

HALF_LIFE, HOT_AT, COLD_AT = 120.0, 1.2, 0.5
EPOCH = pd.Timestamp("2020-01-01")
DAY = pd.Timedelta(days=1)
DIMENSIONS = ["transactions", "contribution", "intent", "communication", "feedback"]
EVENT = [
    "account_id",
    "occurred_on",
    "kind",
    "direction",
    "outcome",
    "document_no",
    "amount",
    "score",
    *DIMENSIONS,
]


def read(exports: Path, name: str) -> pd.DataFrame:
    parts = []
    for path in sorted(exports.glob(f"*/*/{name}.csv")):
        part = pd.read_csv(path, dtype=str, on_bad_lines="skip", keep_default_na=False, na_values=[""])
        parts.append(part.assign(delivery=path.parent.name))
    return pd.concat(parts, ignore_index=True)


def newest(rows: pd.DataFrame, key: str, *order: str) -> pd.DataFrame:
    return rows.sort_values([*order, "delivery"], kind="stable").drop_duplicates(key, keep="last")


def tests(names: pd.Series, emails: pd.Series) -> pd.Series:
    return names.fillna("").str.startswith("TEST ") | emails.fillna("").str.endswith("@test.example")


def accounts_of(exports: Path) -> tuple[pd.DataFrame, pd.Series, pd.Series]:
    """Accounts, the account of each CRM id, the account of each customer number (null: nobody's)."""
    crm = newest(read(exports, "Account"), "Id", "SystemModstamp")
    crm["is_deleted"] = crm["IsDeleted"] == "true"
    crm["is_test"] = tests(crm["Name"], crm["Email__c"])
    reached = pd.Series(crm["Id"].to_numpy(), index=crm["Id"])
    merged = crm.set_index("Id")["MasterRecordId"].dropna()
    for _ in range(100):
        following = reached.map(merged)
        if following.isna().all():
            break
        reached = following.fillna(reached)
    ends = crm.set_index("Id").reindex(reached.to_numpy())
    gone = ends["is_deleted"].fillna(True).to_numpy(dtype=bool)
    is_test = pd.Series(ends["is_test"].fillna(False).to_numpy(dtype=bool) & ~gone, index=reached.index)
    survivor = reached.where(~gone & ~is_test.to_numpy())

    customer = newest(read(exports, "Customers"), "CustomerNo", "Changed")
    customer["email"] = customer["Email"].str.strip().str.lower()
    customer["is_test"] = tests(customer["Name"], customer["Email"])
    crm["email"] = crm["Email__c"].str.strip().str.lower()
    mine = customer[~customer["is_test"] & customer["email"].notna()].drop_duplicates("email", keep=False)
    theirs = (
        crm[crm["Id"].map(survivor) == crm["Id"]].dropna(subset="email").drop_duplicates("email", keep=False)
    )
    links = pd.concat(
        [
            customer[["CustomerNo", "CRMAccount"]].set_axis(["customer", "crm"], axis=1).assign(precedence=1),
            crm[["Billing_Customer__c", "Id"]].set_axis(["customer", "crm"], axis=1).assign(precedence=1),
            mine.merge(theirs, on="email")[["CustomerNo", "Id"]]
            .set_axis(["customer", "crm"], axis=1)
            .assign(precedence=3),
        ]
    ).dropna()
    links = links[links["crm"].isin(reached.index)]
    links["account"], links["is_test"] = links["crm"].map(survivor), links["crm"].map(is_test)
    links["leads_to"] = links["account"].fillna(links["crm"].map(reached))
    links = links[links["account"].notna() | links["is_test"]]
    links = links[links["precedence"] == links.groupby("customer")["precedence"].transform("min")]
    agreed = links.groupby("customer").agg(
        account=("account", "min"), is_test=("is_test", "max"), candidates=("leads_to", "nunique")
    )
    customer = customer.merge(
        agreed, left_on="CustomerNo", right_index=True, how="left", suffixes=("", "_linked")
    )
    owner = ("salesforce:" + customer["account"]).where(
        customer["candidates"] == 1, "kontor:" + customer["CustomerNo"]
    )
    owner = owner.where(~(customer["is_test"] | (customer["is_test_linked"] == True)))  # noqa: E712
    of_customer = pd.Series(owner.to_numpy(), index=customer["CustomerNo"])

    kept = crm[crm["Id"].map(survivor) == crm["Id"]]
    alone = customer[owner == "kontor:" + customer["CustomerNo"]]
    accounts = pd.concat(
        [
            pd.DataFrame(
                {
                    "account_id": "salesforce:" + kept["Id"], "account_name": kept["Name"],
                    "owner": kept["OwnerId"], "country": kept["BillingCountry"],
                    "known_from": pd.to_datetime(kept["CreatedDate"].str[:10]),
                }
            ),
            pd.DataFrame(
                {
                    "account_id": "kontor:" + alone["CustomerNo"], "account_name": alone["Name"],
                    "country": alone["Country"], "known_from": pd.to_datetime(alone["delivery"]),
                }
            ),
        ],
        ignore_index=True,
    )  # fmt: skip
    return accounts, "salesforce:" + survivor, of_customer


def in_euros(rows: pd.DataFrame, amount: str, day: str, rates: pd.DataFrame) -> pd.DataFrame:
    rows = pd.merge_asof(
        rows.sort_values(day, kind="stable"), rates, left_on=day, right_on="rate_on", by="currency"
    )
    rows["rate"] = rows["rate"].where(rows["currency"] != "EUR", 1.0)
    rows["total"] = (rows[amount] * rows["rate"]).round(4)
    return rows


def documents_of(
    exports: Path, of_customer: pd.Series, rates: pd.DataFrame, as_of: pd.Timestamp
) -> pd.DataFrame:
    invoices, notes = read(exports, "Invoices"), read(exports, "CreditNotes")
    invoices = invoices[invoices["Status"].isin(["Open", "Paid", "Void"])]
    names = {
        "InvoiceNo": "document_no",
        "CreditNoteNo": "document_no",
        "InvoiceDate": "issued",
        "Date": "issued",
    }
    both = pd.concat(
        [
            invoices.rename(columns=names).assign(kind="invoice"),
            notes.rename(columns=names).assign(kind="credit_note"),
        ],
        ignore_index=True,
    )
    both["issued_on"] = pd.to_datetime(both["issued"], errors="coerce").dt.normalize()
    both["document_total"] = pd.to_numeric(both["Total"], errors="coerce")
    both["document_total"] *= np.where(both["kind"] == "credit_note", -1, 1)
    both["currency"] = both["Currency"]
    both = both.dropna(subset=["document_no", "issued_on", "document_total"])
    both = both[both["currency"].isin(["EUR", "USD", "GBP"])]
    both = newest(both, "document_no", "Changed")
    both = both[both["issued_on"] <= as_of]
    both["account_id"] = both["CustomerNo"].map(of_customer)
    both["status"] = both["Status"].str.lower().fillna("open")
    both = in_euros(both.dropna(subset="account_id"), "document_total", "issued_on", rates)
    return both.dropna(subset="total")


def document_events(documents: pd.DataFrame) -> pd.DataFrame:
    counts = (documents["kind"] == "invoice") & (documents["status"] != "void") & (documents["total"] > 0)
    typical = documents.loc[counts, "total"].median().round(4)
    sold = documents[(documents["kind"] == "invoice") & (documents["total"] > 0)].set_index("document_no")
    notes = documents[(documents["kind"] == "credit_note") & documents["CreditedInvoiceNo"].isin(sold.index)]
    notes = notes.sort_values(["issued_on", "document_no"])
    invoice = sold.loc[notes["CreditedInvoiceNo"]]
    same = notes["currency"].to_numpy() == invoice["currency"].to_numpy()
    credited = np.where(same, notes["document_total"], (notes["total"] / invoice["rate"].to_numpy()).round(4))
    so_far = pd.Series(credited, notes.index).groupby(notes["CreditedInvoiceNo"]).cumsum().round(4).to_numpy()
    invoiced = invoice["document_total"].to_numpy()
    worth = np.where(invoice["status"] == "void", 0, invoice["total"])
    before = worth * np.maximum((invoiced + so_far - credited).round(4), 0) / invoiced
    after = worth * np.maximum((invoiced + so_far).round(4), 0) / invoiced

    events = documents.rename(
        columns={"issued_on": "occurred_on", "status": "outcome", "total": "amount"}
    ).copy()
    events["transactions"] = np.where(counts, 0.5, 0.0)
    value = 0.5 * np.log2(1 + events["amount"].abs() / typical)
    events["contribution"] = np.where(counts, value, np.where(events["kind"] == "credit_note", -value, 0.0))
    fall = (0.5 * np.log2(1 + after / typical)).round(9) - (0.5 * np.log2(1 + before / typical)).round(9)
    events.loc[notes.index, "contribution"] = fall
    events.loc[notes.index, "transactions"] = np.where((before > 0) & (after == 0), -0.5, 0.0)
    events["contribution"] = events["contribution"].round(9)
    return events


def crm_events(exports: Path, of_crm: pd.Series) -> pd.DataFrame:
    def of(name: str) -> pd.DataFrame:
        rows = newest(read(exports, name), "Id", "SystemModstamp")
        rows = rows[rows["IsDeleted"] != "true"]
        return rows.rename(columns={"Account__c": "AccountId", "Id": "document_no"})

    quotes, tasks, meetings = of("Opportunity"), of("Task"), of("Event")
    cases, surveys = of("Case"), of("Survey_Response__c")
    closed = quotes[quotes["IsClosed"] == "true"]
    won = closed["IsWon"] == "true"
    inbound, answered = tasks["CallType"] == "Inbound", tasks["CallDisposition"] == "Answered"
    is_call = tasks["TaskSubtype"] == "Call"
    low, high = surveys["Scale_Min__c"].astype(float), surveys["Scale_Max__c"].astype(float)
    score = (2 * (surveys["Score__c"].astype(float) - low) / (high - low) - 1).clip(-1, 1)
    channel = tasks["TaskSubtype"].str.lower().str.removesuffix("__c").replace("listemail", "email")
    return pd.concat(
        [
            quotes.assign(at=quotes["CreatedDate"], kind="opportunity", outcome="opened", intent=0.25),
            closed.assign(
                at=closed["CloseDate"], kind="opportunity", outcome=np.where(won, "won", "lost"),
                intent=np.where(won, 0, -0.25),
            ),
            tasks.assign(
                at=tasks["CompletedDateTime"].fillna(tasks["ActivityDate"]).fillna(tasks["CreatedDate"]),
                kind=channel, direction=tasks["CallType"].str.lower(),
                outcome=np.where(answered, "answered", "unanswered"),
                communication=np.where(
                    inbound, np.where(is_call, 0.25, 0.15),
                    np.where(answered, np.where(is_call, 0.15, 0.1), 0),
                ),
            ),
            meetings.assign(
                at=meetings["StartDateTime"], kind="meeting", outcome=meetings["Status__c"].str.lower(),
                communication=np.where(meetings["Status__c"] == "Held", 0.5, 0),
            ),
            cases.assign(at=cases["CreatedDate"], kind="complaint", direction="inbound", feedback=-0.5),
            surveys.assign(
                at=surveys["Submitted__c"], kind=surveys["Kind__c"].str.lower(), direction="inbound",
                score=score, feedback=(0.5 * score).round(9),
            ),
        ],
        ignore_index=True,
    ).assign(
        account_id=lambda rows: rows["AccountId"].map(of_crm),
        occurred_on=lambda rows: pd.to_datetime(rows["at"].str[:10], errors="coerce"),
    ).dropna(subset=["account_id", "occurred_on"])  # fmt: skip


def payment_events(exports: Path, of_customer: pd.Series, rates: pd.DataFrame) -> pd.DataFrame:
    rows = read(exports, "Payments").dropna(subset="PaymentNo").drop_duplicates("PaymentNo", keep="last")
    rows["occurred_on"] = pd.to_datetime(rows["PaidOn"], errors="coerce")
    rows["paid"] = pd.to_numeric(rows["Amount"], errors="coerce")
    rows["account_id"] = rows["CustomerNo"].map(of_customer)
    rows["currency"] = rows["Currency"]
    rows = in_euros(rows.dropna(subset=["occurred_on", "account_id"]), "paid", "occurred_on", rates)
    return rows.rename(columns={"total": "amount", "InvoiceNo": "document_no"}).assign(
        kind="payment", direction="inbound"
    )


def heat_of(events: pd.DataFrame) -> pd.DataFrame:
    """Sums and heat at the end of each account's days with degrees, and when it will have cooled."""
    rows = events[(events[DIMENSIONS] != 0).any(axis=1)]
    rows = rows.groupby(["account_id", "occurred_on"], as_index=False)[DIMENSIONS].sum()
    age = (rows["occurred_on"] - EPOCH) / DAY
    weight = np.exp2(age / HALF_LIFE)
    rows[DIMENSIONS] = rows[DIMENSIONS].mul(weight, axis=0)
    rows[DIMENSIONS] = rows.groupby("account_id")[DIMENSIONS].cumsum()
    rows["next_on"] = rows.groupby("account_id")["occurred_on"].shift(-1)
    rows["heat"] = (rows[DIMENSIONS].sum(axis=1) / weight).round(9)
    warm = rows["heat"] >= COLD_AT
    days = np.ceil(HALF_LIFE * np.log2(rows["heat"].where(warm) / COLD_AT))
    rows["cools_on"] = rows["occurred_on"] + pd.to_timedelta(days, unit="D")
    return rows


def flips_of(heat: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    said = heat[(heat["heat"] >= HOT_AT) | (heat["heat"] < COLD_AT)]
    cooled = heat[
        (heat["cools_on"] <= as_of) & (heat["next_on"].isna() | (heat["cools_on"] <= heat["next_on"]))
    ]
    points = pd.concat(
        [
            said[["account_id"]].assign(
                changed_on=said["occurred_on"], is_hot=(said["heat"] >= HOT_AT).astype(float), order=1
            ),
            cooled[["account_id"]].assign(
                changed_on=cooled["cools_on"],
                is_hot=np.where(cooled["cools_on"].eq(cooled["next_on"]), np.nan, 0.0),
                order=0,
            ),
        ]
    ).sort_values(["account_id", "changed_on", "order"])
    before = points.groupby("account_id")["is_hot"].ffill().groupby(points["account_id"]).shift().fillna(0.0)
    flips = points[points["is_hot"].notna() & (points["is_hot"] != before)]
    return flips.assign(is_hot=flips["is_hot"] == 1.0)[["account_id", "changed_on", "is_hot"]]


def history_of(
    accounts: pd.DataFrame, events: pd.DataFrame, flips: pd.DataFrame, as_of: pd.Timestamp
) -> pd.DataFrame:
    first = accounts["account_id"].map(events.groupby("account_id")["occurred_on"].min())
    known = accounts["known_from"].fillna(first).fillna(as_of)
    seen = pd.DataFrame(
        {
            "account_id": accounts["account_id"],
            "changed_on": np.minimum(np.minimum(first.fillna(as_of), known), as_of),
        }
    )
    changes = pd.concat([seen.assign(is_hot=False), flips]).drop_duplicates(
        ["account_id", "changed_on"], keep="last"
    )
    changes = changes[changes["account_id"].isin(accounts["account_id"])].sort_values(
        ["account_id", "changed_on"]
    )
    return pd.DataFrame(
        {
            "account_id": changes["account_id"],
            "temperature": np.where(changes["is_hot"], "hot", "cold"),
            "valid_from": changes["changed_on"],
            "valid_to": changes.groupby("account_id")["changed_on"].shift(-1),
        }
    )


def segments_of(
    accounts: pd.DataFrame,
    history: pd.DataFrame,
    heat: pd.DataFrame,
    documents: pd.DataFrame,
    as_of: pd.Timestamp,
) -> pd.DataFrame:
    last = history[history["valid_to"].isna()].set_index("account_id")
    segments = accounts.set_index("account_id")
    segments["as_of_date"] = as_of
    segments["temperature"], segments["hot_or_cold_since"] = last["temperature"], last["valid_from"]
    now = heat[heat["next_on"].isna()].set_index("account_id")
    decay = 2 ** (-((as_of - EPOCH) / DAY) / HALF_LIFE)
    for dimension in DIMENSIONS:
        segments[f"heat_{dimension}"] = (now[dimension] * decay).round(9)
    segments["heat"] = segments[[f"heat_{dimension}" for dimension in DIMENSIONS]].sum(axis=1)
    segments["cools_on"] = now["cools_on"].where(last["temperature"].reindex(now.index) == "hot")
    bills = documents[
        (documents["kind"] == "invoice") & (documents["status"] != "void") & (documents["total"] > 0)
    ]
    recent = bills[bills["issued_on"] > as_of - 365 * DAY]
    segments["first_invoice_on"] = bills.groupby("account_id")["issued_on"].min()
    segments["last_invoice_on"] = bills.groupby("account_id")["issued_on"].max()
    segments["invoices_365d"] = recent.groupby("account_id").size()
    days = recent.groupby("account_id")["issued_on"].nunique().reindex(segments.index).fillna(0)
    money = documents[documents["status"] != "void"]
    segments["revenue_365d"] = (
        money[money["issued_on"] > as_of - 365 * DAY].groupby("account_id")["total"].sum()
    )
    segments["revenue_lifetime"] = money.groupby("account_id")["total"].sum()
    segments["relationship"] = np.select(
        [
            segments["first_invoice_on"].isna(),
            (as_of - segments["first_invoice_on"]) <= 90 * DAY,
            days >= 3,
        ],
        ["potential", "new", "regular"],
        "rare",
    )
    return segments.reset_index()


def by_month_and_product(
    exports: Path, documents: pd.DataFrame, events: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    lines = read(exports, "InvoiceLines")
    lines = lines[lines["delivery"] == lines.groupby("InvoiceNo")["delivery"].transform("max")]
    for column in ("Quantity", "UnitPrice", "Amount"):
        lines[column] = pd.to_numeric(lines[column], errors="coerce")
    money = documents.loc[documents["status"] != "void", ["document_no", "account_id", "issued_on", "rate"]]
    sold = lines.merge(money, left_on="InvoiceNo", right_on="document_no")
    sold["revenue"] = (sold["Amount"] * sold["rate"]).round(4)
    sold["month"] = sold["issued_on"].to_numpy().astype("datetime64[M]")
    products = sold.groupby(["account_id", "ArticleNo"], as_index=False).agg(
        invoices=("document_no", "nunique"), units=("Quantity", "sum"), revenue=("revenue", "sum"),
        description=("Description", "max"), first_invoice_on=("issued_on", "min"),
        last_invoice_on=("issued_on", "max"),
    )  # fmt: skip
    units = sold.groupby(["account_id", "month"])["Quantity"].sum()
    months = events.assign(month=events["occurred_on"].to_numpy().astype("datetime64[M]"))
    monthly = months.groupby(["account_id", "month", "kind"]).size().unstack(fill_value=0)
    revenue = months[months["kind"].isin(["invoice", "credit_note"]) & (months["outcome"] != "void")]
    monthly["revenue"] = revenue.groupby(["account_id", "month"])["amount"].sum()
    monthly["units"] = units
    return monthly.reset_index(), products


def main(exports: Path, as_of: pd.Timestamp, out: Path) -> None:
    accounts, of_crm, of_customer = accounts_of(exports)
    rates = newest(
        read(exports, "ExchangeRates").assign(key=lambda rows: rows["Currency"] + rows["Date"]), "key"
    )
    rates = pd.DataFrame(
        {
            "currency": rates["Currency"],
            "rate_on": pd.to_datetime(rates["Date"]),
            "rate": rates["RateToEUR"].astype(float),
        }
    ).sort_values("rate_on")
    documents = documents_of(exports, of_customer, rates, as_of)
    events = pd.concat(
        [
            document_events(documents),
            payment_events(exports, of_customer, rates),
            crm_events(exports, of_crm),
        ],
        ignore_index=True,
    )
    events = events.reindex(columns=EVENT)
    events = events[events["occurred_on"] <= as_of].fillna(dict.fromkeys(DIMENSIONS, 0.0))
    heat = heat_of(events)
    flips = flips_of(heat, as_of)
    history = history_of(accounts, events, flips, as_of)
    segments = segments_of(accounts, history, heat, documents, as_of)
    monthly, products = by_month_and_product(exports, documents, events)
    summary = segments.groupby(["as_of_date", "temperature", "relationship"], as_index=False).agg(
        accounts=("account_id", "size"), heat=("heat", "sum"), revenue_365d=("revenue_365d", "sum")
    )
    out.mkdir(parents=True, exist_ok=True)
    for name, table in {
        "account_segments": segments, "account_temperature_history": history, "segment_transitions": flips,
        "account_timeline": events, "account_activity_monthly": monthly, "account_products": products,
        "segment_summary": summary,
    }.items():  # fmt: skip
        table.to_pickle(out / f"{name}.pickle")


if __name__ == "__main__":
    main(Path(sys.argv[1]), pd.Timestamp(sys.argv[2]), Path(sys.argv[3]))
