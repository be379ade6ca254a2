"""A generated wholesaler: what its CRM and its billing system export, day by day.

`generate` writes the exports, dirty in known ways, and `truth.json`, which names each of them
(see `thermocline.example.truth.tell`).
"""

from datetime import date
from pathlib import Path

from thermocline.errors import InputError

MOST_ACCOUNTS = 500_000
MOST_DAYS = 7_305
LINES_A_YEAR = 26
"""Delivered invoice lines that an ordinary account has, unless asked for more or fewer."""
MOST_LINES_A_YEAR = 520


def generate(
    accounts: int,
    days: int,
    seed: int,
    out: Path,
    ends_on: date = date(2026, 6, 30),
    lines: int | None = None,
) -> None:
    """Write the exports of `days` days up to and including `ends_on` below `out`.

    `out/crm/<date>/` and `out/billing/<date>/` hold one CSV file per kind of record; the folder's
    date is the last day that the delivery covers: the calendar months' ends, the eve of the last
    week, then each of the last seven days. A delivery has the records created or changed in it,
    the first also those from before the window. Beside `accounts` ordinary accounts there are a
    few merged, deleted, test and ambiguous ones. With `lines` they buy so often that about so many
    invoice lines are delivered. The same arguments give the same bytes.

    An earlier example in `out` is replaced. Raise InputError for arguments out of range, and
    where `out` holds anything else or can't be written.
    """
    _check(accounts, days, seed, ends_on)
    busy = 1.0 if lines is None else lines / (accounts * days / 365 * LINES_A_YEAR)
    if not 0 < busy <= MOST_LINES_A_YEAR / LINES_A_YEAR:
        most = int(accounts * days / 365 * MOST_LINES_A_YEAR)
        raise InputError(f"this example has 1 to {most} lines, not {lines}: change --lines")
    from thermocline.example.folder import replaced
    from thermocline.example.story import write

    with replaced(Path(out)) as folder:
        write(accounts, days, seed, folder, ends_on, busy)


def _check(accounts: int, days: int, seed: int, ends_on: date) -> None:
    if not 10 <= accounts <= MOST_ACCOUNTS:
        raise InputError(f"an example has 10 to {MOST_ACCOUNTS} accounts, not {accounts}: change --accounts")
    if not 30 <= days <= MOST_DAYS:
        raise InputError(f"an example has 30 to {MOST_DAYS} days (20 years), not {days}: change --days")
    if seed < 0:
        raise InputError(f"a seed is 0 or greater, not {seed}: change --seed")
    if not 1990 <= ends_on.year <= 2200:
        raise InputError(f"an example ends between 1990 and 2200, not on {ends_on}: change --ends-on")
