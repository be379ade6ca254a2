"""The canonical contract: the tables every export is turned into, and the raw schema's DDL."""

import hashlib
from dataclasses import dataclass

import duckdb

from thermocline.company import crm_ids

TEXT = "varchar"
DATE = "date"
TIMESTAMP = "timestamp"
BOOLEAN = "boolean"
INTEGER = "integer"
QUANTITY = MONEY = "decimal(18, 4)"
UNIT_PRICE = "decimal(18, 6)"
RATE = "decimal(18, 8)"

CRM_KEYS = (
    "account_id",
    "parent_account_id",
    "merged_into_account_id",
    "contact_id",
    "opportunity_id",
    "merged_into_opportunity_id",
    "communication_id",
    "feedback_id",
)

EARLIEST = "1970-01-01"
LATEST = "2100-12-31"


@dataclass(frozen=True)
class Column:
    """A canonical column. `accepted` lists an enumeration's values; `not_blank` forbids blanks."""

    name: str
    type: str
    accepted: tuple[str, ...] = ()
    not_blank: bool = False

    @property
    def is_crm_key(self) -> bool:
        """Whether it holds the key of one of the CRM's own records."""
        return self.name in CRM_KEYS

    @property
    def is_decimal(self) -> bool:
        return self.type.startswith("decimal")

    @property
    def is_key(self) -> bool:
        """Whether it names a record: this one, or another that it belongs to."""
        return self.type == TEXT and self.name.endswith("_id")


@dataclass(frozen=True)
class Table:
    """A canonical table: its own key, the money that must reconcile, the column that dates a row."""

    name: str
    key: str
    columns: tuple[Column, ...]
    money: str | None = None
    dated_by: str | None = None

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)


def _columns(*declared: str | Column) -> tuple[Column, ...]:
    columns: list[Column] = []
    for column in declared:
        if isinstance(column, str):
            names, _, kind = column.partition(":")
            columns += [
                Column(name.removesuffix("!"), kind or TEXT, not_blank=name.endswith("!"))
                for name in names.split()
            ]
        else:
            columns.append(column)
    return (*columns, Column("updated_at", TIMESTAMP))


# A payable is what we owe: its money is counted, and is nobody's revenue.
DOCUMENT_KINDS = ("invoice", "credit_note", "adjustment", "payable")
DOCUMENT_STATUSES = ("open", "paid", "void")

# The rate on the document itself: of `rate_base` (blank: the reporting currency) for one unit of its
# own currency, or of its own currency for one unit of that.
DOCUMENT_RATE = (f"rate_to_base rate_from_base:{RATE}", "rate_base")

# In the short form, `name!` must be filled in every row, and names share the type after the colon.
TABLES = {
    table.name: table
    for table in (
        Table(
            "accounts",
            "account_id",
            _columns(
                "account_id! name",
                Column("kind", TEXT, ("legal_entity", "entrepreneur", "private_client")),
                "parent_account_id owner country email phone",
                f"created_on:{DATE}",
                f"do_not_contact:{BOOLEAN}",
                "billing_customer_id",
                f"is_deleted:{BOOLEAN}",
                "merged_into_account_id merged_account_ids",
            ),
            dated_by="updated_at",
        ),
        Table(
            "contacts",
            "contact_id",
            _columns(
                "contact_id! account_id name role email phone",
                f"is_deleted:{BOOLEAN}",
            ),
            dated_by="updated_at",
        ),
        Table(
            "opportunities",
            "opportunity_id",
            _columns(
                "opportunity_id! account_id",
                f"opened_at!:{TIMESTAMP}",
                "stage",
                f"amount:{MONEY}",
                "currency",
                f"expected_on:{DATE}",
                f"closed_at:{TIMESTAMP}",
                Column("outcome", TEXT, ("won", "lost")),
                f"is_deleted:{BOOLEAN}",
                "merged_opportunity_ids",
            ),
            dated_by="opened_at",
        ),
        # Which account an opportunity is of, where its own record doesn't say.
        Table(
            "opportunity_accounts",
            "opportunity_id",
            _columns(
                "opportunity_id! account_id! association_type",
                f"is_primary is_deleted:{BOOLEAN}",
            ),
            dated_by="updated_at",
        ),
        # Which record an account was merged into, where neither of their records says.
        Table(
            "account_merges",
            "account_id",
            _columns("account_id! merged_into_account_id!"),
            dated_by="updated_at",
        ),
        Table(
            "opportunity_merges",
            "opportunity_id",
            _columns("opportunity_id! merged_into_opportunity_id!"),
            dated_by="updated_at",
        ),
        Table(
            "communications",
            "communication_id",
            _columns(
                "communication_id! account_id contact_id",
                f"occurred_at!:{TIMESTAMP}",
                Column("channel", TEXT, ("email", "call", "meeting", "chat", "letter"), not_blank=True),
                Column("direction", TEXT, ("inbound", "outbound")),
                Column("outcome", TEXT, ("held", "answered", "unanswered", "cancelled")),
                "subject",
                f"is_deleted:{BOOLEAN}",
            ),
            dated_by="occurred_at",
        ),
        # Which account a communication concerns, where its own record doesn't say.
        Table(
            "communication_accounts",
            "communication_id",
            _columns("communication_id! account_id!", f"is_deleted:{BOOLEAN}"),
            dated_by="updated_at",
        ),
        Table(
            "feedback",
            "feedback_id",
            _columns(
                "feedback_id! account_id",
                f"given_at!:{TIMESTAMP}",
                Column("kind", TEXT, ("nps", "csat", "survey", "complaint"), not_blank=True),
                f"score scale_min scale_max:{QUANTITY}",
                "comment",
                f"resolved_at:{TIMESTAMP}",
                f"is_deleted:{BOOLEAN}",
            ),
            dated_by="given_at",
        ),
        Table(
            "billing_customers",
            "customer_id",
            _columns(
                "customer_id! name email account_id country parent_customer_id",
                f"is_deleted:{BOOLEAN}",
            ),
            dated_by="updated_at",
        ),
        Table(
            "invoices",
            "invoice_id",
            _columns(
                "invoice_id! customer_id",
                f"issued_at!:{TIMESTAMP}",
                f"due_at:{TIMESTAMP}",
                "currency",
                f"total!:{MONEY}",
                Column("status", TEXT, DOCUMENT_STATUSES),
                Column("kind", TEXT, DOCUMENT_KINDS, not_blank=True),
                "credited_invoice_id",
                # What the vendor says is still to be paid; null where it doesn't say.
                f"open_balance:{MONEY}",
                f"is_sum_of_lines:{BOOLEAN}",
                *DOCUMENT_RATE,
            ),
            money="total",
            dated_by="issued_at",
        ),
        Table(
            "invoice_lines",
            "invoice_id",
            _columns(
                "invoice_id!",
                f"line_no:{INTEGER}",
                "product_code description",
                f"quantity:{QUANTITY}",
                f"unit_price:{UNIT_PRICE}",
                f"amount!:{MONEY}",
                "customer_id customer_name customer_email country",
                f"issued_at due_at:{TIMESTAMP}",
                "currency",
                Column("status", TEXT, DOCUMENT_STATUSES),
                Column("kind", TEXT, DOCUMENT_KINDS),
                "credited_invoice_id",
                # Of the document that dated lines make, repeated on each of them.
                f"open_balance:{MONEY}",
                *DOCUMENT_RATE,
            ),
            money="amount",
            dated_by="issued_at",
        ),
        Table(
            "payments",
            "payment_id",
            _columns(
                "payment_id! invoice_id customer_id",
                f"paid_at!:{TIMESTAMP}",
                f"amount!:{MONEY}",
                # A refund names the payment that it gives back, or the intent to pay that both belong to.
                "currency method refunded_payment_id intent_id",
                *DOCUMENT_RATE,
            ),
            money="amount",
            dated_by="paid_at",
        ),
        # What stands for a value in other tables of the source: see `LOOKED_UP`.
        Table("lookups", "lookup_key", _columns("lookup! lookup_key! lookup_value!"), dated_by="updated_at"),
        Table(
            "exchange_rates",
            "currency",
            _columns(
                f"rate_on!:{DATE}",
                "currency! base_currency!",
                f"rate!:{RATE}",
            ),
            dated_by="rate_on",
        ),
    )
}

LOOKED_UP = {
    "invoices": ("customer_id",),
    "invoice_lines": ("customer_id", "product_code", "description"),
    "payments": ("customer_id",),
}
"""The columns that may hold the key of a look-up, by table; staging puts in what stands for it."""

LOAD_RECORDS = """
create table if not exists raw.files (
    file_id integer primary key, source varchar, system varchar, mapping varchar, feed varchar,
    source_file varchar, sha256 varchar, bytes bigint, delivery_key varchar, mode varchar,
    covers_on date, stated_on date, landed_in integer, is_dated boolean, is_keyed boolean,
    expected_every_days integer, encoding varchar,
    rows_read bigint, rows_loaded bigint, rows_quarantined bigint, rows_excluded bigint,
    money_read decimal(38, 4), money_loaded decimal(38, 4), money_quarantined decimal(38, 4),
    money_excluded decimal(38, 4),
    first_record_on date, last_record_on date, kind_of_file varchar, conversion varchar
);
create table if not exists raw.record_days (
    file_id integer, recorded_on date, records bigint, first_row bigint
);
create table if not exists raw.deliveries (
    file_id integer, source_file varchar, delivery_key varchar, covers_on date
);
create table if not exists raw.quarantine (
    file_id integer, source_row bigint, document_id varchar, column_name varchar, value varchar,
    reason varchar, amount decimal(38, 4)
);
create table if not exists raw.excluded (
    file_id integer, source_row bigint, document_id varchar, reason varchar, amount decimal(38, 4),
    updated_at timestamp
);
create table if not exists raw.unmapped_columns (file_id integer, column_name varchar);
create table if not exists raw.looked_up_columns (file_id integer, column_name varchar, lookup varchar);
create table if not exists raw.withdrawn (
    source varchar, source_file varchar, delivery_key varchar, sha256 varchar
);
create table if not exists raw.ended_feeds (source varchar, feed varchar, ended_on date);
create table if not exists raw.feeds_optional_when_empty (source varchar, kind_of_file varchar);
"""


def create_raw(connection: duckdb.DuckDBPyConnection) -> None:
    """Make schema `raw` with all its tables; one of another layout is made anew, empty.

    What it holds is in the landing too, so that nothing is lost with it.
    """
    statements = [LOAD_RECORDS.rstrip().removesuffix(";")]
    for table in TABLES.values():
        columns = ", ".join(f"{column.name} {column.type}" for column in table.columns)
        statements.append(
            f"create table if not exists raw.{table.name} ({columns}, file_id integer, source_row bigint)"
        )
    statements += crm_ids.STATEMENTS
    expected = hashlib.sha256("; ".join(statements).encode()).hexdigest()
    try:
        layout = connection.execute("select made_by, columns from raw.layout").fetchone()
        if layout == (expected, columns_standing(connection)):
            return
    except duckdb.Error:
        pass
    connection.execute(
        f"begin; drop schema if exists raw cascade; create schema raw; {'; '.join(statements)}"
    )
    connection.execute(
        "create table raw.layout as select ? as made_by, ? as columns",
        [expected, columns_standing(connection)],
    )
    connection.execute("commit")


def columns_standing(connection: duckdb.DuckDBPyConnection) -> str:
    """A digest of all columns of schema `raw` as they are now, types included: none can round an amount."""
    (found,) = connection.execute(
        """
        select md5(string_agg(table_name || '.' || column_name || ' ' || data_type, ';'
            order by table_name, column_index))
        from duckdb_columns()
        where schema_name = 'raw' and table_name <> 'layout'
        """
    ).fetchone() or ("",)
    return str(found)
