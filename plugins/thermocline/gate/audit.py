"""The gate: Great Expectations over a frozen candidate. It fails closed.

The rules are the suites of `expectations/`, one file a table; an expectation of severity `critical`
blocks, one of severity `warning` warns. Here they are only run: against the candidate's files, with
the company's bounds, and whatever isn't plainly a pass doesn't pass.
"""

from contextlib import closing
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thermocline import durable, warehouse
from thermocline.candidates.candidate import Candidate
from thermocline.company import settings
from thermocline.errors import GateBlocked, LedgerTruncated, ThermoclineError
from thermocline.gate import comparison, site, suites
from thermocline.gate import failures as gate_failures
from thermocline.gate.suites import FIGURES, Check, Suite
from thermocline.home import PROJECT, Home
from thermocline.ledger.chain import Ledger, recorded
from thermocline.publishing import publication
from thermocline.sql import quoted
from thermocline.terminal import plain

if TYPE_CHECKING:
    import pandas as pd

SUITES = PROJECT / "expectations"
EXTREMES = ("expect_column_max_to_be_between", "expect_column_min_to_be_between")
ACCOUNTS = "account_segments"
NO_ACCOUNTS = "account_segments_is_not_empty"
QUARANTINED = "nothing_is_quarantined"
EMPTY_IS_GOOD_NEWS = (
    "gate_failures",
    "overrides",
    "quarantine",
    "unattributed_events",
    "unattributed_revenue",
)
"""Tables that a mended delivery may rightly empty."""


@dataclass(frozen=True)
class Verdict:
    """What the gate made of a candidate: pass, warn or block, and every check."""

    candidate: str
    verdict: str
    predecessor: str | None
    checks: tuple[Check, ...]

    @property
    def warnings(self) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if check.verdict == "warn")

    @property
    def blocks(self) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if check.verdict == "block")

    @property
    def is_approvable(self) -> bool:
        """Whether it is blocked by nothing but what a person may approve."""
        return bool(self.blocks) and all(check.approvable for check in self.blocks)


def audit(home: Home, content_hash: str, folder: Path = SUITES) -> Verdict:
    """Judge a candidate against every suite; verdict and failing records are kept beside it.

    Raises GateBlocked naming each rule that blocks; the verdict is written all the same. Raises
    ContentChanged, LedgerChanged and LedgerTruncated where there is nothing sound to judge or compare.
    """
    candidate = Candidate.read(home, content_hash)
    candidate.drop_verdict()
    candidate.check(rows=False)
    current = publication.current(home)
    settled = settings.read(home)
    if settled is None:
        raise ThermoclineError(f"{settings.path(home)} is missing: build the candidate again")
    parameters = {
        **settled.gate,
        "hold_days": settled.hold_days,
        "as_of_date": candidate.facts.as_of_date.isoformat(),
        "as_of_dates": [candidate.facts.as_of_date.isoformat()],
    }
    before = publication.compared(home)
    emptied = _emptied(home, candidate, before)
    moved = _moved(home, candidate, before)
    told: dict[str, float | None] = {
        "dbt_expected": int(candidate.facts.dbt["expected"]),
        "dbt_failed": int(candidate.facts.dbt["expected"]) - int(candidate.facts.dbt["passed"]),
        "tables_emptied": None if emptied is None else len(emptied),
        **moved.figures,
    }
    checks: list[Check] = []
    outcomes: list[Any] = []
    read = suites.read(folder)
    context = suites.context()
    for suite in read:
        judged, outcome = suites.judge(context, suite, _frame(home, candidate, suite, told), parameters)
        checks += judged
        outcomes.append(outcome)
    checks = _without_followers(candidate, checks)
    verdict = Verdict(
        candidate=content_hash,
        verdict=_worst(checks),
        predecessor=current.publication_id if current else None,
        checks=tuple(checks),
    )
    failures = gate_failures.write(candidate, read, verdict.checks, parameters, emptied or [], moved.moved)
    body = {
        "candidate": content_hash,
        "verdict": verdict.verdict,
        "warnings": len(verdict.warnings),
        "predecessor": verdict.predecessor,
        "audited_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "failures": durable.file_hash(failures),
        "checks": [asdict(check) for check in checks],
    }
    candidate.write_verdict(body)
    site.show(home, candidate, body, outcomes, settled.audits_shown)
    if verdict.blocks:
        raise GateBlocked(_words(verdict, candidate))
    return verdict


def _without_followers(candidate: Candidate, checks: list[Check]) -> list[Check]:
    """Say once that there are no accounts, or that a table is empty: no other rule can hold then."""
    empty = {name for name, table in candidate.tables.items() if not table.rows}

    def follows(check: Check) -> str | None:
        if check.table == FIGURES or check.verdict == "pass" or check.rule == NO_ACCOUNTS:
            return None
        if ACCOUNTS in empty:
            return "there are no accounts"
        return "there are no rows" if check.table in empty and check.measure else None

    return [
        replace(check, verdict="not_applicable", observed=why) if (why := follows(check)) else check
        for check in checks
    ]


def _worst(checks: list[Check]) -> str:
    verdicts = {check.verdict for check in checks}
    return next((verdict for verdict in ("block", "warn") if verdict in verdicts), "pass")


def _words(verdict: Verdict, candidate: Candidate) -> str:
    told = [
        f"{check.rule} ({plain(' '.join(check.found.split()))}{_first_records(candidate, check)})"
        for check in verdict.blocks
    ]
    failed = candidate.facts.dbt.get("failed") or []
    if failed:
        told.append(f"failed in dbt: {', '.join(name.split('.', 2)[2] for name in failed[:5])}")
    short = verdict.candidate[:12]
    remedy = "mend the cause and run again"
    if verdict.is_approvable:
        remedy += f", or, if it is right, thermocline approve {short} --by NAME --because WORDS"
    return f"the gate blocked candidate {short}: {'; '.join(told)}. The earlier publication stays; {remedy}"


def _first_records(candidate: Candidate, check: Check) -> str:
    """What counts against a rule; of an empty table, what is in quarantine instead."""
    if check.measure == "dbt_failed" or (check.table != FIGURES and check.measure):
        return ""
    rule = check.rule if check.measure else QUARANTINED
    return "".join(f"; {words}" for words in gate_failures.first(candidate, rule))


def _frame(home: Home, candidate: Candidate, suite: Suite, told: dict[str, float | None]) -> "pd.DataFrame":
    """The columns of the suite's table that it reads: dates as ISO text, decimals as floats.

    A date of which only the first or last matters is a category of ISO texts, each of which is held once.
    The figures that aren't in the warehouse, `told`, become columns of the gate's figures.
    """
    table = suite["meta"]["table"]
    frozen = candidate.gate.get(table) or candidate.tables.get(table)
    if frozen is None:
        raise GateBlocked(f"candidate {candidate.content_hash[:12]} lacks table {table}: build it again")
    wanted = {item["kwargs"]["column"] for item in suite["expectations"] if "column" in item["kwargs"]}
    added = told if table == FIGURES else {}
    bounded = {
        name
        for name in wanted
        if frozen.columns.get(name) == "DATE"
        and all(
            item["type"] in EXTREMES for item in suite["expectations"] if item["kwargs"].get("column") == name
        )
    }
    selected = [
        quoted(name)
        if name in bounded
        else f"cast({quoted(name)} as varchar) as {quoted(name)}"
        if kind.startswith(("DATE", "TIMESTAMP"))
        else f"cast({quoted(name)} as double) as {quoted(name)}"
        if kind.startswith("DECIMAL")
        else quoted(name)
        for name, kind in frozen.columns.items()
        if name in wanted
    ]
    missing = wanted - set(frozen.columns) - set(added)
    if missing:
        raise GateBlocked(f"table {table} lacks column {min(missing)}: a rule without its column can't pass")
    with closing(warehouse.connect(home, Path(":memory:"))) as connection:
        frame = connection.execute(
            f"select {', '.join(selected) or '1 as present'} from {frozen.relation}"
        ).df()
    for name in bounded:
        frame[name] = _texts_of_days(frame[name])
    for name, value in added.items():
        frame[name] = value
    return frame


def _texts_of_days(days: "pd.Series") -> "pd.Categorical":
    import pandas as pd

    codes, found = pd.factorize(days, sort=True)
    return pd.Categorical.from_codes(codes, pd.DatetimeIndex(found).strftime("%Y-%m-%d"), ordered=True)


def _moved(home: Home, candidate: Candidate, before: publication.Publication | None) -> comparison.Comparison:
    """Compare the candidate with what readers see; NOTHING without a publication."""
    if before is None:
        return comparison.NOTHING
    with publication.reading(home, published=before.publication_id) as connection:
        return comparison.compare(connection, candidate, before.as_of_date)


def _emptied(home: Home, candidate: Candidate, current: publication.Publication | None) -> list[str] | None:
    """The tables that had rows in the current publication and have none; None without one."""
    if current is None:
        return None
    published = recorded(Ledger(home.ledger).entries()).get(current.publication_id)
    if published is None:
        raise LedgerTruncated(
            f"{home.ledger} doesn't hold publication {current.publication_id}, which readers see: "
            "restore ledger.jsonl from a backup"
        )
    return [
        name
        for name, table in published.intent["tables"].items()
        if table["rows"]
        and name not in EMPTY_IS_GOOD_NEWS
        and (name not in candidate.tables or not candidate.tables[name].rows)
    ]
