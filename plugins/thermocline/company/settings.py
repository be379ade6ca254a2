"""The company a home belongs to: `config/company.yml`, written at the first run and read ever after."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import yaml

from thermocline.errors import InputError
from thermocline.home import Home

if TYPE_CHECKING:
    import duckdb

# The gate's bounds, by rule (expectations/ names the rules); shares are between 0 and 1.
GATE_BOUNDS: dict[str, float] = {
    "quarantined_share_of_delivery": 0.02,
    "unattributed_share_blocks": 0.30,
    "unattributed_share_warns": 0.05,
    "unlike_lines_share": 0.50,
    "without_lines_share": 0.10,
    "contradicted_share": 0.05,
    "hot_share_moved_blocks": 0.20,
    "hot_share_moved_warns": 0.10,
    "scorecard_moved_blocks": 0.20,
    "scorecard_moved_warns": 0.10,
    "snapshot_share_lost_blocks": 0.10,
    "not_yet_share_warns": 0.02,
    "unattributed_events_share_warns": 0.05,
}

# Days for which `thermocline prune` retains what it may remove; None: for ever.
RETENTION_DAYS: dict[str, int | None] = {
    "landing_days": None,
    "quarantine_days": 730,
    "candidate_days": 30,
    "log_days": 90,
    "airflow_days": 180,
}


@dataclass(frozen=True)
class Company:
    """The settings of one company, by which money and days are read.

    `memory_gb`, `temporary_gb` and `threads` bound every use of the database.
    """

    reporting_currency: str
    time_zone: str = "UTC"
    screening_hour: int = 6
    hold_days: int = 14
    audits_shown: int = 10
    gate: dict[str, float] = field(default_factory=lambda: dict(GATE_BOUNDS))
    # Read by `targets.configured`, which names the line of a mistake.
    targets: list[dict[str, Any]] | None = None
    keep_publications: int = 10
    # Read by `privacy`.
    privacy: dict[str, Any] | None = None
    retention: dict[str, int | None] = field(default_factory=lambda: dict(RETENTION_DAYS))
    memory_gb: int = 3
    temporary_gb: int = 50
    threads: int = max(2, (os.cpu_count() or 2) // 2)
    # Patterns of accounts that are nobody's customers; None: the project's own.
    test_account_names: str | None = None
    test_account_emails: str | None = None


def path(home: Home) -> Path:
    return home.config / "company.yml"


def read(home: Home) -> Company | None:
    """Return the home's company, or None before its first run. Raise InputError naming file and key."""
    file = path(home)
    if not file.exists():
        return None
    try:
        content: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        raise InputError(
            f"{file}: not readable as YAML ({' '.join(str(error).split())}): correct it"
        ) from error
    _check(file, content)
    given = {
        "gate": {**GATE_BOUNDS, **(content.get("gate") or {})},
        "retention": {**RETENTION_DAYS, **(content.get("retention") or {})},
    }
    return Company(**{**content, **given})


def _check(file: Path, content: dict[str, Any]) -> None:
    known = set(Company.__dataclass_fields__)
    for key in content:
        if key not in known:
            raise InputError(f"{file}: unknown key '{key}', expected one of {', '.join(sorted(known))}")
    currency = content.get("reporting_currency")
    if not (isinstance(currency, str) and len(currency) == 3 and currency.isalpha() and currency.isupper()):
        raise InputError(f"{file}: reporting_currency is '{currency}', expected a code such as EUR")
    try:
        ZoneInfo(content.get("time_zone", "UTC"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{file}: time_zone '{content['time_zone']}' is unknown, expected a name such as Europe/Berlin"
        ) from error
    for key, low, high in (
        ("screening_hour", 0, 23),
        ("hold_days", 0, 366),
        ("audits_shown", 1, 1000),
        ("keep_publications", 1, 1000),
        ("memory_gb", 1, 4096),
        ("temporary_gb", 1, 65536),
        ("threads", 1, 1024),
    ):
        value = content.get(key, low)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise InputError(f"{file}: {key} is '{value}', expected a whole number from {low} to {high}")
    for key in ("test_account_names", "test_account_emails"):
        try:
            re.compile(content.get(key) or "")
        except (re.error, TypeError) as error:
            raise InputError(f"{file}: {key} is '{content[key]}', expected a regular expression") from error
    for rule, bound in (content.get("gate") or {}).items():
        if rule not in GATE_BOUNDS:
            raise InputError(f"{file}: gate has no bound '{rule}', expected one of {', '.join(GATE_BOUNDS)}")
        if not isinstance(bound, int | float) or isinstance(bound, bool) or not 0 <= bound <= 1:
            raise InputError(f"{file}: gate.{rule} is '{bound}', expected a share from 0 to 1")
    retention = content.get("retention") or {}
    if not isinstance(retention, dict):
        raise InputError(f"{file}: retention is '{retention}', expected a list of names and days")
    for what, days in retention.items():
        if what not in RETENTION_DAYS:
            raise InputError(
                f"{file}: retention has no '{what}', expected one of {', '.join(RETENTION_DAYS)}"
            )
        if days is not None and (
            not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= 36525
        ):
            raise InputError(
                f"{file}: retention.{what} is '{days}', expected a whole number of days from 1 to 36525, "
                "or null for ever"
            )


def settle(home: Home, connection: "duckdb.DuckDBPyConnection") -> Company:
    """Return the home's company; the first run writes it, with the currency of most invoices."""
    company = read(home)
    if company is not None:
        return company
    row = connection.execute(
        """
        select upper(currency) from (
            select currency from raw.invoices
            union all
            select currency from raw.invoice_lines where issued_at is not null
        )
        where currency is not null
        group by 1 order by count(*) desc, 1 limit 1
        """
    ).fetchone()
    company = Company(reporting_currency=row[0] if row else "EUR")
    _write(path(home), company)
    return company


def _write(file: Path, company: Company) -> None:
    text = (
        "# Written by the first run. After a change of time_zone the next run reloads all landed files.\n"
        f"reporting_currency: {company.reporting_currency}\n"
        f"time_zone: {company.time_zone}\n"
        "# The hour, in that zone, at which a day is screened even if a system hasn't delivered it.\n"
        f"screening_hour: {company.screening_hour}\n"
        "# Days for which accounts with a late feed are held; after them the gate blocks.\n"
        f"hold_days: {company.hold_days}\n"
    )
    temporary = file.with_suffix(f".{os.getpid()}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(file)


def time_zone(home: Home) -> ZoneInfo:
    """Return the reporting time zone; UTC before the first run. Raise InputError."""
    known = read(home)
    return ZoneInfo(known.time_zone if known else "UTC")
