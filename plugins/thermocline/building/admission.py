"""What is refused before anything is computed: configuration and records that the law can't take.

`configuration` refuses what a file shows by itself; here it meets the records and what was published.
"""

from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from thermocline.building import half_lives
from thermocline.company.settings import Company
from thermocline.company.tables import SCORECARDS
from thermocline.errors import InputError
from thermocline.home import Home
from thermocline.loading.raw_records import current_records, rows
from thermocline.publishing import publication

_UNCOMPARED = ("author", "note")
_CUSTOMERS = ("billing_customers", "invoices", "invoice_lines")


def admit(home: Home, connection: duckdb.DuckDBPyConnection, company: Company, as_of: date) -> None:
    """Raises InputError naming file, row and rule. Schemas `raw` and `config` are filled, and only read."""
    _refuse_rewritten_past(home, connection)
    _refuse_unknown_accounts(home, connection)
    _refuse_cycles(connection)
    _refuse_cycles_of_customers(connection)
    half_lives.refuse_overlong(_scorecards(home), connection, company, as_of)


def _scorecards(home: Home) -> Path:
    return home.config / "scorecards.csv"


def _refuse_rewritten_past(home: Home, connection: duckdb.DuckDBPyConnection) -> None:
    """A version that ruled a published day stays as it was, and a new one takes effect later."""
    current = publication.current(home)
    if current is None:
        return
    as_of, file = publication.day_held(home) or current.as_of_date, _scorecards(home)
    with publication.reading(home, published=current.publication_id) as published:
        ruled = "select * from published.reporting.scorecards where effective_from <= ?"
        in_force = {row["scorecard_version"]: row for row in rows(published, ruled, as_of)}
    written = {
        row["scorecard_version"]: row
        for row in rows(connection, "select rowid + 1 as row_number, * from config.scorecards")
    }
    for number, row in written.items():
        if number not in in_force and row["effective_from"] <= as_of:
            raise InputError(
                f"{file}, row {row['row_number']}: effective_from is {row['effective_from']}, "
                f"expected a day after {as_of}, the last published one"
            )
    for number, then in in_force.items():
        # With no invoice yet there is no typical one, and version 1 isn't settled.
        if then["typical_invoice"] is None:
            continue
        if number not in written:
            raise InputError(f"{file}: version {number}, which ruled published days, is missing: put it back")
        for column in SCORECARDS.columns:
            if column in _UNCOMPARED or column not in then:
                continue
            if written[number][column] != then[column]:
                found = written[number]
                raise InputError(
                    f"{file}, row {found['row_number']}: {column} is {found[column]}, but "
                    f"version {number} was published with {then[column]}: put it back and add a new version"
                )


def _refuse_unknown_accounts(home: Home, connection: duckdb.DuckDBPyConnection) -> None:
    customers = " union all ".join(
        f"select file_id, customer_id from raw.{feed} where customer_id is not null" for feed in _CUSTOMERS
    )
    unknown = connection.execute(
        f"""
        select row_number, account_id from config.overrides
        where raw.salesforce_reference(account_id) not in (
            select raw.salesforce_reference(files.source || ':' || known.id)
            from (select file_id, account_id as id from raw.accounts union all {customers}) as known
            inner join raw.files as files on known.file_id = files.file_id
        )
        order by 1 limit 1
        """
        if _any(connection, "config.overrides")
        else "select 1 limit 0"
    ).fetchone()
    if unknown:
        raise InputError(
            f"{home.config / 'overrides.csv'}, row {unknown[0]}: there is no account {_line(unknown[1])}, "
            "expected <source>:<id> as table account_segments has it"
        )


def _refuse_cycles(connection: duckdb.DuckDBPyConnection) -> None:
    """Follows merged accounts to those they were merged into, as the models do."""
    accounts = {
        row["id"]: row
        for row in rows(
            connection,
            f"""
            with known as (
                select
                    source || ':' || account_id as id, source || ':' || parent_account_id as parent,
                    source || ':' || nullif(merged_into_account_id, account_id) as merged_into,
                    source_file, source_row
                from ({current_records("accounts", "account_id")})
                where not coalesce(is_deleted, false) and not coalesce(is_absent, false)
                    or merged_into_account_id is not null
            ),
            named as (
                select file_id, account_id, merged_into_account_id from raw.account_merges
                union all
                select file_id, trim(unnest(string_split_regex(merged_account_ids, '[;,]'))), account_id
                from raw.accounts
            ),
            merges as (
                select
                    files.source || ':' || named.account_id as id,
                    max(files.source || ':' || named.merged_into_account_id) as merged_into
                from named
                inner join raw.files on named.file_id = files.file_id
                where named.account_id <> named.merged_into_account_id
                group by 1
            ),
            led as (
                select
                    coalesce(known.id, merges.id) as id, known.parent,
                    coalesce(known.merged_into, merges.merged_into) as merged_into,
                    known.source_file, known.source_row
                from known
                full join merges on known.id = merges.id
            )
            select * from led
            where coalesce(parent, merged_into) is not null
                or id in (select unnest([parent, merged_into]) from led)
            """,
        )
    }

    def survivor(account: str | None) -> str | None:
        for _ in range(100):
            if account is None or account not in accounts or not accounts[account]["merged_into"]:
                break
            account = accounts[account]["merged_into"]
        return account if account in accounts else None

    topped: set[str] = set()
    for start in sorted(accounts):
        if accounts[start]["parent"] == start and not accounts[start]["merged_into"]:
            raise _cycle(accounts, [start], "the CRM")
        path: dict[str, None] = {}
        account = survivor(start)
        while account is not None and account not in topped and account not in path:
            path[account] = None
            parent = survivor(accounts[account]["parent"])
            account = parent if parent != account else None
        if account is not None and account in path:
            raise _cycle(accounts, list(path)[list(path).index(account) :], "the CRM")
        topped.update(path)


def _refuse_cycles_of_customers(connection: duckdb.DuckDBPyConnection) -> None:
    """Follow sub-customers to their parents. One that names itself has none, as in the models."""
    customers = {
        row["id"]: row
        for row in rows(
            connection,
            f"""
            select
                source || ':' || customer_id as id, source || ':' || parent_customer_id as parent,
                source_file, source_row
            from ({current_records("billing_customers", "customer_id")})
            where parent_customer_id <> customer_id
                and not coalesce(is_deleted, false) and not coalesce(is_absent, false)
            """,
        )
    }
    topped: set[str] = set()
    for start in sorted(customers):
        path: dict[str, None] = {}
        customer = start
        while customer in customers and customer not in topped and customer not in path:
            path[customer] = None
            customer = customers[customer]["parent"]
        if customer in path:
            raise _cycle(customers, list(path)[list(path).index(customer) :], "billing")
        topped.update(path)


def _cycle(records: dict[str, dict[str, Any]], cycle: list[str], system: str) -> InputError:
    first = records[cycle[0]]
    return InputError(
        f"{first['source_file']}, record {first['source_row']}: "
        f"a cycle of parents, {_line(' -> '.join([*cycle, cycle[0]]))}: "
        f"correct one of them in {system} and deliver it again"
    )


def _any(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    return connection.execute(f"select 1 from {table} limit 1").fetchone() is not None


def _line(text: str) -> str:
    """Cells of an export in a message: one line, not endless."""
    told = " ".join(text.split())
    return told if len(told) <= 500 else f"{told[:500]} ..."
