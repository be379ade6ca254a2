"""The records behind a rule that wasn't kept: all of them, with file and row, beside the verdict.

Records that count against a figure are in the candidate's table `gate_failures`, or found by the
comparison with the current publication; those against a rule about a published table are the rows that
the rule's own bounds exclude.
"""

import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb

from thermocline import warehouse
from thermocline.candidates.candidate import Candidate
from thermocline.errors import ContentChanged
from thermocline.files.wording import shown
from thermocline.gate.suites import FIGURES, Check, Suite
from thermocline.ledger import records as kept_records
from thermocline.sql import literal, parquet, quoted

TABLE = "gate_failures"
LONGEST = 160
"""Characters of a record in a message."""
FILE = "failures.parquet"
COLUMNS = ("rule", "verdict", "failing_key", "detail", "source", "source_file", "source_row")
"""One row per rule that warns or blocks and record that counts against it."""

KEYS = {
    "account_segments": ("account_id",),
    "account_temperature_history": ("account_id", "valid_from"),
    "account_timeline": ("event_id",),
    "segment_summary": ("as_of_date", "temperature", "relationship"),
}
"""The key of each table that a suite reads row by row."""

FORMULA = "^[=+\\-@\\t\\r\\n]"
"""How a cell begins that a spreadsheet would take for a formula."""


def write(
    candidate: Candidate,
    suites: Sequence[Suite],
    checks: Sequence[Check],
    parameters: Mapping[str, Any],
    emptied: Sequence[str],
    moved: Sequence[tuple[Any, ...]] = (),
) -> Path:
    """Write FILE beside the candidate's verdict, one row per record as COLUMNS say."""
    expectations = {item["meta"]["rule"]: item for suite in suites for item in suite["expectations"]}
    temporary = candidate.folder / f".{FILE}-{os.getpid()}"
    with closing(warehouse.connect(candidate.home, Path(":memory:"))) as connection:
        connection.execute(
            "create table found (rule varchar, verdict varchar, failing_key varchar, detail varchar, "
            "source varchar, source_file varchar, source_row bigint)"
        )
        connection.execute(
            "create table moved (measure varchar, failing_key varchar, detail varchar, "
            "source varchar, source_file varchar, source_row bigint)"
        )
        if moved:
            connection.execute(
                "insert into moved select unnest(?), unnest(?), unnest(?), "
                "unnest(?::varchar[]), unnest(?::varchar[]), unnest(?::bigint[])",
                [list(column) for column in zip(*moved, strict=True)],
            )
        for check in checks:
            if check.verdict not in ("warn", "block"):
                continue
            if check.measure == "tables_emptied":
                rows = [(check.rule, check.verdict, name, "has no rows any more") for name in emptied]
            elif check.measure == "dbt_failed":
                names = candidate.facts.dbt.get("failed") or []
                rows = [(check.rule, check.verdict, name, "failed in dbt") for name in names]
            else:
                rows = []
                connection.execute(
                    "insert into found select ?, ?, failing_key, detail, source, source_file, source_row "
                    "from moved where measure = ?",
                    [check.rule, check.verdict, check.measure],
                )
                _select(connection, candidate, check, expectations[check.rule]["kwargs"], parameters)
            if rows:
                connection.executemany("insert into found values (?, ?, ?, ?, null, null, null)", rows)
        connection.execute(
            f"copy (from found order by all) to {literal(temporary)} (format parquet, compression zstd)"
        )
    temporary.replace(candidate.folder / FILE)
    return candidate.folder / FILE


def keep(candidate: Candidate, sha256: str | None) -> str | None:
    """Keep the failing records that a verdict names beyond the candidate; their SHA-256.

    None where the verdict names none. Raises ContentChanged where they aren't what was written.
    """
    if sha256 is None or kept_records.read(candidate.home, sha256, kept_records.PARQUET) is not None:
        return sha256
    path = candidate.folder / FILE
    content = path.read_bytes() if path.exists() else b""
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ContentChanged(f"{path} isn't what the gate wrote: audit the candidate again")
    return kept_records.keep_parquet(candidate.home, content)


def write_csv(candidate: Candidate, path: Path) -> int:
    """Write them as CSV, no cell of which a spreadsheet takes for a formula; how many there are."""
    cells = ", ".join(
        f"case when regexp_matches({name}, '{FORMULA}') then '''' || {name} else {name} end as {name}"
        if name != "source_row"
        else name
        for name in COLUMNS
    )
    with closing(warehouse.connect(candidate.home, Path(":memory:"))) as connection:
        source = parquet(candidate.folder / FILE)
        written = connection.execute(
            f"copy (select {cells} from {source}) to {literal(path)} (format csv, header true)"
        ).fetchone()
    return int(written[0]) if written else 0


def harmless(cell: str) -> str:
    """The cell as a spreadsheet shows it, and no formula."""
    return f"'{cell}" if re.match(FORMULA, cell) else cell


def first(candidate: Candidate, rule: str, most: int = 3) -> list[str]:
    """Return the first records that count against a rule, in words: file, record, key and detail."""
    with closing(warehouse.connect(candidate.home, Path(":memory:"))) as connection:
        found = connection.execute(
            f"select failing_key, detail, source_file, source_row from {parquet(candidate.folder / FILE)} "
            "where rule = ? order by source_file nulls first, source_row nulls first, failing_key limit ?",
            [rule, most],
        ).fetchall()
    return [
        shown(
            "".join(
                (
                    f"{file} " if file else "",
                    f"record {row} " if row is not None else "",
                    f"({key}): {detail}" if file else f"{key}: {detail}",
                )
            ),
            LONGEST,
        )
        for key, detail, file, row in found
    ]


def counted(candidate: Candidate) -> dict[str, int]:
    """How many records count against each rule that warns or blocks; none where it wasn't written."""
    if not (candidate.folder / FILE).exists():
        return {}
    with closing(warehouse.connect(candidate.home, Path(":memory:"))) as connection:
        rows = connection.execute(
            f"select rule, count(*) from {parquet(candidate.folder / FILE)} group by rule"
        ).fetchall()
    return dict(rows)


def _select(
    connection: duckdb.DuckDBPyConnection,
    candidate: Candidate,
    check: Check,
    kwargs: Mapping[str, Any],
    parameters: Mapping[str, Any],
) -> None:
    if check.table == FIGURES:
        if TABLE in candidate.tables:
            connection.execute(
                "insert into found select ?, ?, failing_key, detail, source, source_file, source_row "
                f"from {candidate.tables[TABLE].relation} where measure = ?",
                [check.rule, check.verdict, check.measure],
            )
        return
    frozen = candidate.tables.get(check.table)
    if frozen is None or check.measure is None or check.figure is None:
        return
    excluded, bounds = [], []
    for words, value in _excluded(check.measure, kwargs, parameters):
        excluded.append(words)
        bounds.append(value)
    key = " || ' ' || ".join(
        f"coalesce(cast({quoted(name)} as varchar), '')" for name in KEYS.get(check.table, ())
    )
    lineage = ", ".join(
        name if name in frozen.columns else "null" for name in ("source", "source_file", "source_row")
    )
    connection.execute(
        f"insert into found select ?, ?, {key or 'null'}, "
        f"{literal(check.measure + ': ')} || cast({quoted(check.measure)} as varchar), {lineage} "
        f"from {frozen.relation} where {' or '.join(excluded)}",
        [check.rule, check.verdict, *bounds],
    )


def _excluded(
    column: str, kwargs: Mapping[str, Any], parameters: Mapping[str, Any]
) -> Iterator[tuple[str, Any]]:
    """A condition for each bound that the rule sets to its column, and the bound."""

    def given(key: str) -> Any:
        value = kwargs[key]
        return parameters[value["$PARAMETER"]] if isinstance(value, dict) else value

    def compared(value: Any) -> str:
        name = quoted(column)
        return f"cast({name} as varchar)" if isinstance(value, str) else name

    if "value_set" in kwargs:
        allowed = [str(value) for value in given("value_set")]
        yield f"not list_contains(?::varchar[], cast({quoted(column)} as varchar))", allowed
    if "min_value" in kwargs and "max_value" not in kwargs:
        yield f"{compared(given('min_value'))} < ?", given("min_value")
    if "max_value" in kwargs:
        yield f"{compared(given('max_value'))} > ?", given("max_value")
    if "min_value" in kwargs and "max_value" in kwargs and not isinstance(given("min_value"), str):
        yield f"{compared(given('min_value'))} < ?", given("min_value")
