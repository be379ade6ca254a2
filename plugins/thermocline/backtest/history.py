"""What a backtest may read: the warehouse's invoices and degrees, copied, and the version in force."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from thermocline import warehouse
from thermocline.company.tables import SCORECARDS
from thermocline.errors import InputError
from thermocline.home import Home

DIMENSIONS = ("transactions", "contribution", "intent", "communication", "feedback")


@dataclass(frozen=True)
class History:
    """A company's past as known now.

    connection: holds `invoices` (one row per positive invoice: account_id, issued_on, amount in the
    reporting currency) and `degrees` (one row per heat-bearing event: account_id, occurred_on, the
    degrees of each dimension under the version in force).
    scorecard: the columns of the version in force.
    newest_version: of all versions, those of the future included.
    first_on, last_on: the first day with an invoice, and the last day that billing covers.
    """

    connection: duckdb.DuckDBPyConnection
    scorecard: Mapping[str, Any]
    newest_version: int
    first_on: date
    last_on: date

    @property
    def version(self) -> int:
        return int(self.scorecard["scorecard_version"])


@contextmanager
def read(home: Home) -> Iterator[History]:
    """Read the home's history; the warehouse is released as soon as it is copied.

    Raise InputError where nothing has been screened or invoiced yet, WarehouseBusy where a run holds the
    warehouse.
    """
    if not home.warehouse.exists():
        raise InputError(f"{home.root} has nothing screened yet: run thermocline run first")
    with closing(warehouse.connect(home, Path(":memory:"))) as connection:
        with home.writer("reading the history", wait_seconds=60):
            warehouse.attach(connection, home.warehouse, "warehouse")
            try:
                history = _copy(home, connection)
            except (duckdb.CatalogException, duckdb.BinderException) as error:
                raise InputError(
                    f"{home.warehouse} has no finished screening ({str(error).splitlines()[0]}): "
                    "run thermocline run first"
                ) from error
            finally:
                connection.execute("detach warehouse")
        yield history


def _copy(home: Home, connection: duckdb.DuckDBPyConnection) -> History:
    connection.execute(
        """
        create table invoices as
        select account_id, occurred_on as issued_on, amount
        from warehouse.activity.fct_account_events
        where kind = 'invoice' and outcome is distinct from 'void' and amount > 0
        """
    )
    cursor = connection.execute(
        f"select {', '.join(SCORECARDS.columns)} from warehouse.screening.int_scorecards where is_in_force"
    )
    names = [column[0] for column in cursor.description]
    scorecard = dict(zip(names, cursor.fetchone() or (), strict=False))
    connection.execute(
        f"""
        create table degrees as
        select account_id, occurred_on, {", ".join(DIMENSIONS)}
        from warehouse.screening.int_event_degrees
        where scorecard_version = ?
        """,
        [scorecard.get("scorecard_version")],
    )
    newest_version, first_on, last_on = connection.execute(
        """
        select
            (select max(scorecard_version) from warehouse.screening.int_scorecards),
            (select min(issued_on) from invoices),
            least(
                (select as_of_date from warehouse.config.run),
                (
                    select max(watermark_on) from warehouse.screening.int_feeds_watched
                    where feed in ('invoices', 'invoice_lines')
                )
            )
        """
    ).fetchone() or (None, None, None)
    if first_on is None or last_on is None or not scorecard:
        raise InputError(
            f"{home.warehouse} holds no positive invoice of an account: there is nothing to test"
        )
    return History(connection, scorecard, newest_version, first_on, last_on)
