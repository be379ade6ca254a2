"""The home's configuration tables: `config/*.csv` into schema `config` of the warehouse."""

import os
from dataclasses import dataclass

import duckdb

from thermocline.company import crm_ids
from thermocline.errors import InputError
from thermocline.home import Home
from thermocline.sql import exactly

DEGREES = "decimal(18, 9)"


@dataclass(frozen=True)
class Table:
    """One configuration file: its columns in order with their SQL types, and those that may not be blank."""

    name: str
    columns: dict[str, str]
    required: tuple[str, ...]
    # SQL conditions that no row may meet, each with the message that refuses it.
    refused: tuple[tuple[str, str], ...] = ()
    # Whether the row number in the file is kept, so that later messages can name it.
    numbered: bool = False
    # Below the home; by default the table's own file in config.
    file: str | None = None


SCORECARDS = Table(
    "scorecards",
    {
        "scorecard_version": "integer",
        "effective_from": "date",
        "author": "varchar",
        "note": "varchar",
        "epoch": "date",
        "typical_invoice": "decimal(18, 4)",
        "p_active_intercept": DEGREES,
        "p_active_slope": DEGREES,
        "half_life_days": DEGREES,
        "hot_at": DEGREES,
        "cold_at": DEGREES,
        "degrees_transaction": DEGREES,
        "degrees_contribution": DEGREES,
        "degrees_opportunity_opened": DEGREES,
        "degrees_opportunity_lost": DEGREES,
        "degrees_meeting_held": DEGREES,
        "degrees_call_inbound": DEGREES,
        "degrees_call_answered": DEGREES,
        "degrees_email_inbound": DEGREES,
        "degrees_email_answered": DEGREES,
        "degrees_chat_inbound": DEGREES,
        "degrees_chat_answered": DEGREES,
        "degrees_letter_inbound": DEGREES,
        "degrees_letter_answered": DEGREES,
        "degrees_feedback": DEGREES,
        "degrees_complaint": DEGREES,
    },
    (
        "scorecard_version",
        "effective_from",
        "author",
        "epoch",
        "typical_invoice",
        "half_life_days",
        "hot_at",
        "cold_at",
    ),
    (
        ("half_life_days <= 0 or half_life_days > 3650", "half_life_days must be above 0 and at most 3650"),
        ("cold_at <= 0 or cold_at > hot_at", "cold_at must be above 0 and at most hot_at"),
        # With a smaller cold_at a day cools by less than the last decimal of heat.
        ("cold_at < 0.001", "cold_at must be at least 0.001"),
        ("typical_invoice <= 0", "typical_invoice must be above 0"),
        ("count(*) over (partition by scorecard_version) > 1", "scorecard_version is given twice"),
        ("count(*) over (partition by effective_from) > 1", "two versions take effect on the same day"),
    ),
)

OVERRIDES = Table(
    "overrides",
    {
        "account_id": "varchar",
        "temperature": "varchar",
        "reason": "varchar",
        "approver": "varchar",
        "valid_from": "date",
        "valid_until": "date",
    },
    ("account_id", "temperature", "reason", "approver", "valid_from", "valid_until"),
    (
        ("temperature not in ('hot', 'cold')", "temperature must be hot or cold"),
        ("valid_until < valid_from", "valid_until lies before valid_from"),
        (
            "valid_from <= max(valid_until) over (partition by raw.salesforce_reference(account_id) "
            "order by valid_from, row_number rows between unbounded preceding and 1 preceding)",
            "overlaps an earlier override of the same account",
        ),
    ),
    numbered=True,
)

TABLES = (
    SCORECARDS,
    OVERRIDES,
    Table(
        "account_links",
        {"crm_account_id": "varchar", "billing_customer_id": "varchar"},
        ("crm_account_id", "billing_customer_id"),
        numbered=True,
    ),
    Table(
        "playbooks",
        {"temperature": "varchar", "relationship": "varchar", "guard": "varchar", "playbook": "varchar"},
        ("temperature", "playbook"),
        (("temperature not in ('hot', 'cold')", "temperature must be hot or cold"),),
    ),
    Table(
        "exchange_rates",
        {"rate_on": "date", "currency": "varchar", "base_currency": "varchar", "rate": "decimal(18, 8)"},
        ("rate_on", "currency", "base_currency", "rate"),
        (("rate <= 0", "rate must be above 0"),),
    ),
)

BACKTEST = Table(
    "screening_backtest",
    {
        "cutoff_on": "date",
        "horizon_days": "integer",
        "measure": "varchar",
        "method": "varchar",
        "decile": "integer",
        "scorecard_version": "integer",
        "accounts": "bigint",
        "active": "bigint",
        "fitted_cutoffs": "integer",
        "auc": "decimal(9, 6)",
        "brier": "decimal(9, 6)",
        "mean_probability": "decimal(9, 6)",
        "hot_accounts": "bigint",
        "precision_of_hot": "decimal(9, 6)",
        "recall_of_hot": "decimal(9, 6)",
        "looks": "integer",
        "flips_per_account": "decimal(9, 6)",
        "share_of_three_flips": "decimal(9, 6)",
    },
    ("cutoff_on", "horizon_days", "measure", "method", "decile", "scorecard_version", "accounts"),
    file="evidence/backtest.csv",
)
"""What the last `thermocline backtest` measured: written by it, not by a person."""


def load(home: Home, connection: duckdb.DuckDBPyConnection) -> None:
    """Replace the tables of schema `config` by the home's CSV files; a missing file is an empty table.

    Raises InputError naming file, row and rule, before anything is replaced.
    """
    connection.execute("begin")
    try:
        connection.execute("create schema if not exists config; create schema if not exists raw")
        connection.execute("; ".join(crm_ids.STATEMENTS))
        for table in (*TABLES, BACKTEST):
            _load_table(home, connection, table)
    except BaseException:
        connection.execute("rollback")
        raise
    connection.execute("commit")


def _load_table(home: Home, connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    kinds = table.columns | ({"row_number": "bigint"} if table.numbered else {})
    columns = ", ".join(f'"{name}" {kind}' for name, kind in kinds.items())
    connection.execute(f"create or replace table config.{table.name} ({columns})")
    file = home.root / (table.file or f"config/{table.name}.csv")
    if not file.exists():
        return
    try:
        connection.execute(
            "create or replace temp table written as "
            "select *, row_number() over () as row_number "
            "from read_csv(?, header = true, all_varchar = true, "
            "delim = ',', quote = '\"', escape = '\"', null_padding = false, hive_partitioning = false)",
            [exactly(file)],
        )
    except duckdb.Error as error:
        raise InputError(f"{file}: not readable as CSV ({str(error).splitlines()[0]}): correct it") from error
    found = [column[0] for column in connection.execute("describe written").fetchall()]
    for name in table.columns:
        if name not in found:
            raise InputError(f"{file}: column '{name}' is missing, expected {','.join(table.columns)}")
    for name in found:
        if name not in table.columns and name != "row_number":
            raise InputError(f"{file}: column '{name}' is unknown, expected {','.join(table.columns)}")
    for name, kind in table.columns.items():
        _refuse_unreadable(connection, str(file), name, kind, required=name in table.required)
    typed = ", ".join(
        f'cast(nullif(trim("{name}"), \'\') as {kind}) as "{name}"' for name, kind in table.columns.items()
    )
    connection.execute(f"create or replace temp table typed as select {typed}, row_number from written")
    for condition, words in table.refused:
        row = connection.execute(
            f"select row_number from (select row_number, {condition} as is_refused from typed) "
            "where is_refused order by row_number limit 1"
        ).fetchone()
        if row:
            raise InputError(f"{file}, row {row[0]}: {words}")
    names = ", ".join(f'"{name}"' for name in kinds)
    connection.execute(f"insert into config.{table.name} select {names} from typed")


def _refuse_unreadable(
    connection: duckdb.DuckDBPyConnection, file: str, name: str, kind: str, *, required: bool
) -> None:
    row = connection.execute(
        f"""
        select row_number, "{name}" from written
        where (nullif(trim("{name}"), '') is not null and try_cast(trim("{name}") as {kind}) is null)
           or (? and nullif(trim("{name}"), '') is null)
        order by row_number limit 1
        """,
        [required],
    ).fetchone()
    if row:
        found = "blank" if row[1] is None or not row[1].strip() else f"'{row[1]}'"
        raise InputError(f"{file}, row {row[0]}: {name} is {found}, expected {kind}")


def keep_first_scorecard(home: Home, connection: duckdb.DuckDBPyConnection) -> bool:
    """Write version 1 of the scorecard, as the models computed it; return whether the home had none yet.

    Without an invoice there is no typical one; then nothing is written and contribution waits.
    """
    file = home.config / "scorecards.csv"
    if file.exists():
        return False
    names = ", ".join(f'"{name}"' for name in SCORECARDS.columns)
    settled = connection.execute(
        "select count(*) from reporting.scorecards where typical_invoice is not null"
    ).fetchone()
    if not settled or not settled[0]:
        return False
    temporary = file.with_suffix(f".{os.getpid()}.tmp")
    connection.execute(
        f"copy (select {names} from reporting.scorecards order by scorecard_version) "
        f"to '{str(temporary).replace(chr(39), chr(39) * 2)}' (header, delimiter ',')"
    )
    temporary.replace(file)
    return True
