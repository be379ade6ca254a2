"""Rows that a person adds to the home's configuration: an override, a scorecard version."""

import csv
import io
from collections.abc import Mapping
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from thermocline import durable, warehouse
from thermocline.company import tables
from thermocline.company.tables import OVERRIDES, SCORECARDS, Table
from thermocline.errors import InputError
from thermocline.home import Home
from thermocline.insight.account_lookup import find
from thermocline.publishing import publication


def override(
    home: Home,
    account: str,
    temperature: str,
    *,
    reason: str,
    approver: str,
    valid_until: date,
    valid_from: date | None = None,
) -> dict[str, str]:
    """Add an override to config/overrides.csv; return its row, by column.

    `account` is an id, code, alias or exact name of the current publication; by default the override begins
    on the day after that publication's. Raise InputError where there is no publication or no such account,
    and for what a run would refuse.
    """
    current = _current(home)
    with publication.reading(home, published=current.publication_id) as connection:
        connection.execute("use published")
        account_id = find(connection, account)
    return _add(
        home,
        OVERRIDES,
        {
            "account_id": account_id,
            "temperature": temperature,
            "reason": _one_line("reason", reason),
            "approver": _one_line("approver", approver),
            "valid_from": str(valid_from or current.as_of_date + timedelta(days=1)),
            "valid_until": str(valid_until),
        },
    )


def activate(home: Home, proposal: Path, effective_from: date | None = None) -> dict[str, str]:
    """Add the scorecard version of a proposal's CSV to config/scorecards.csv; return its row, by column.

    It takes effect on the day after the current publication's, or on a given later one. Raise InputError for
    another day, and for a proposal that isn't one row of a scorecard.
    """
    current = _current(home)
    first = current.as_of_date + timedelta(days=1)
    if effective_from and effective_from < first:
        raise InputError(
            f"a scorecard can't take effect on {effective_from}: {current.as_of_date} is published, "
            f"so name {first} or a later day"
        )
    rows = _rows(proposal)
    if len(rows) != 1 or set(rows[0]) != set(SCORECARDS.columns):
        raise InputError(f"{proposal}: expected the one row of a proposal that thermocline calibrate wrote")
    return _add(home, SCORECARDS, {**rows[0], "effective_from": str(effective_from or first)})


def listed(home: Home, table: Table) -> list[dict[str, str]]:
    """Return the rows of a configuration file as text; none where there is no file."""
    path = _path(home, table)
    return _rows(path) if path.exists() else []


def _add(home: Home, table: Table, row: Mapping[str, str]) -> dict[str, str]:
    """Write the file with one row more, once a run would accept it."""
    path = _path(home, table)
    before = path.read_bytes() if path.exists() else b""
    header = next(csv.reader(before.decode("utf-8-sig", "replace").splitlines()), None)
    text = io.StringIO()
    # In the order of the file's own columns; one that it lacks is refused below.
    writer = csv.DictWriter(text, header or list(table.columns), lineterminator="\n", extrasaction="ignore")
    if not header:
        writer.writeheader()
    writer.writerow(row)
    whole = before + (b"\n" if before and not before.endswith(b"\n") else b"") + text.getvalue().encode()
    _check(home, table, whole)
    durable.replace(path, whole)
    return dict(row)


def _check(home: Home, table: Table, content: bytes) -> None:
    """Raise InputError for a file that a run would refuse, under its final name."""
    with TemporaryDirectory() as folder:
        trial = Home(Path(folder))
        trial.config.mkdir()
        _path(trial, table).write_bytes(content)
        try:
            with closing(warehouse.connect(home, Path(":memory:"))) as connection:
                tables.load(trial, connection)
        except InputError as error:
            raise InputError(str(error).replace(str(_path(trial, table)), str(_path(home, table)))) from error


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return [dict(row) for row in csv.DictReader(file)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} can't be read ({error}): name the CSV file of a proposal") from error


def _path(home: Home, table: Table) -> Path:
    return home.config / f"{table.name}.csv"


def _current(home: Home) -> publication.Publication:
    current = publication.current(home)
    if current is None:
        raise InputError(f"nothing has been published in {home.root} yet: run thermocline run first")
    return current


def _one_line(name: str, text: str) -> str:
    line = text.strip()
    if not line or len(line) > 500 or not line.isprintable():
        raise InputError(f"the {name} is blank, too long or not one line: give it in a few words")
    return line
