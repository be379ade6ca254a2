"""A company of five accounts, its marts written by SQL: what a build leaves in the warehouse."""

import hashlib
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
from thermocline import warehouse
from thermocline.candidates.candidate import Candidate
from thermocline.candidates.freezing import freeze
from thermocline.home import Home
from thermocline.ledger.chain import Ledger
from thermocline.ledger.facts import Facts, Input
from thermocline.publishing.publication import Published, publish

DEGREES = "decimal(18,9)"
MONEY = "decimal(18,4)"

FULL = f"""
create table reporting.account_segments as select
    'billing:' || account as account_id, account::varchar as account_code,
    if(account = 3, null, 'Müller & Söhne ' || account) as account_name,
    'legal_entity' as account_kind, null::varchar as parent_account_id, 'Ann' as owner,
    'DE' as country, $as_of::date as as_of_date,
    if(account % 2 = 0, 'hot', 'cold') as temperature,
    if(account % 2 = 0, 'hot', 'cold') as computed_temperature,
    null::varchar as override_reason,
    (account % 7 * 0.111111111)::{DEGREES} as heat, 0.1::{DEGREES} as heat_transactions,
    0::{DEGREES} as heat_contribution, -0.25::{DEGREES} as heat_intent,
    null::{DEGREES} as heat_communication, 0::{DEGREES} as heat_feedback,
    date '2011-01-01' + account::integer as hot_or_cold_since, null::date as cools_on,
    'regular' as relationship, null::varchar as cold_because, 'no_crm' as data_state,
    null::varchar as guard, 'serve at once' as playbook, 'Hot since 12 Mar: 4 invoices' as reason,
    date '2010-12-01' as first_invoice_on, date '2011-12-01' as last_invoice_on,
    account::integer as invoices_365d, (account * 10.5)::{MONEY} as revenue_365d,
    0::{MONEY} as revenue_previous_365d, (account * 10.5)::{MONEY} as revenue_lifetime,
    'GBP' as reporting_currency, 0::{MONEY} as overdue_amount, null::date as last_communication_on,
    null::{DEGREES} as last_feedback_score, 0.5::decimal(9,6) as p_active_90d,
    1 as scorecard_version, null::varchar as publication_id
from range(1, $accounts + 1) as made(account);
create table reporting.account_temperature_history as select
    account_id, temperature, hot_or_cold_since as valid_from, null::date as valid_to,
    'first_seen' as cause, 1 as scorecard_version from reporting.account_segments;
create table reporting.segment_transitions as select
    account_id, date '2011-05-05' as changed_on, 'cold' as from_temperature,
    'hot' as to_temperature, 'activity' as cause, 1.5::{DEGREES} as heat
from reporting.account_segments where temperature = 'hot';
create table reporting.group_segments as select
    account_id as group_id, account_name as group_name, as_of_date, temperature, heat,
    heat as heat_per_account, hot_or_cold_since, cools_on, 1 as accounts, 1 as hot_accounts,
    revenue_365d, 1 as scorecard_version, null::varchar as publication_id
from reporting.account_segments where false;
create table reporting.segment_summary as select
    as_of_date, temperature, relationship, count(*) as accounts,
    sum(heat)::{DEGREES} as heat, sum(revenue_365d)::{MONEY} as revenue_365d
from reporting.account_segments group by all;
create table reporting.account_activity_monthly as select
    account_id, date '2011-12-01' as month, 1 as invoices, 0 as credit_notes,
    revenue_365d as revenue, 3::{MONEY} as units, 0 as payments, 0 as communications_in,
    0 as communications_out, null::{DEGREES} as feedback_score from reporting.account_segments;
create table reporting.account_timeline as select
    account_id || ':' || nth as event_id, account_id,
    timestamp '2011-12-01 08:30:00.123456' + to_hours(nth::integer) as occurred_at,
    date '2011-12-01' as occurred_on, 'invoice' as kind, 'inbound' as direction,
    null::varchar as outcome, 'I' || nth as document_id, 'invoice' as summary,
    (nth * 1.25)::{MONEY} as amount, 0.5::{DEGREES} as degrees, 'online_retail' as source,
    '2011-12-01.csv' as source_file, nth as source_row
from reporting.account_segments, range(1, 4) as made(nth);
"""
"""The core tables with all columns of the published contract."""

SLIM = f"""
create table reporting.account_segments as select
    'billing:' || account as account_id, account::varchar as account_code,
    if(account % 2 = 0, 'hot', 'cold') as temperature, $as_of::date as as_of_date,
    (account % 7 * 0.111111111)::{DEGREES} as heat, null::varchar as publication_id
from range(1, $accounts + 1) as made(account);
create table reporting.account_temperature_history as select
    account_id, temperature, null::date as valid_to from reporting.account_segments;
create table reporting.segment_transitions as select
    account_id, date '2011-05-05' as changed_on from reporting.account_segments;
create table reporting.group_segments as select
    account_id as group_id, heat, publication_id from reporting.account_segments where false;
create table reporting.segment_summary as select
    as_of_date, temperature, count(*) as accounts from reporting.account_segments group by all;
create table reporting.account_activity_monthly as select
    account_id, date '2011-12-01' as month, 1.5::{MONEY} as revenue from reporting.account_segments;
create table reporting.account_timeline as select
    account_id || ':' || nth as event_id, account_id, (nth * 1.25)::{MONEY} as amount,
    timestamp '2011-12-01 08:30:00.123456' as occurred_at, date '2011-12-01' as occurred_on,
    'online_retail' as source, '2011-12-01.csv' as source_file, nth as source_row
from reporting.account_segments, range(1, 4) as made(nth);
"""
"""The same tables with a few columns of each, where only the publishing matters: quicker."""

BESIDE = """
create table reporting.scorecards as select 1 as scorecard_version, true as is_current;
create table gate.reconciliation as select
    'online_retail' as feed, 15 as rows_read, 15 as rows_loaded, 0.5::double as share
"""


def facts(as_of: date, accounts: int = 5, **changed: Any) -> Facts:
    given: dict[str, Any] = {
        "as_of_date": as_of,
        "scorecard_version": 1,
        "reporting_currency": "GBP",
        "code_version": "0.1.0",
        "manifest_hash": "ab" * 32,
        "inputs": (),
        "dbt": {"expected": 12, "passed": 12, "failed": []},
        "figures": {
            "accounts": accounts,
            "hot": accounts // 2,
            "cold": accounts - accounts // 2,
            "unattributed_revenue": "12.3400",
            "quarantined_rows": 0,
        },
    }
    return Facts(**{**given, **changed})


def write_marts(
    connection: duckdb.DuckDBPyConnection,
    as_of: str = "2011-12-09",
    accounts: int = 5,
    marts: str = SLIM,
) -> None:
    """Leave in the schemas `reporting` and `gate` what a build does."""
    for schema in ("reporting", "gate"):
        connection.execute(f"drop schema if exists {schema} cascade; create schema {schema}")
    for statement in (marts.strip() + BESIDE).split(";\n"):
        given = {
            name: value
            for name, value in (("as_of", as_of), ("accounts", accounts))
            if f"${name}" in statement
        }
        connection.execute(statement, given)


def build(
    home: Home,
    as_of: str = "2011-12-09",
    accounts: int = 5,
    change: str = "",
    marts: str = SLIM,
    **changed: Any,
) -> Candidate:
    """Write the marts, `change` them if asked to, and freeze them."""
    with warehouse.connect(home) as connection:
        write_marts(connection, as_of, accounts, marts)
        if change:
            connection.execute(change)
        return freeze(home, connection, facts(date.fromisoformat(as_of), accounts, **changed))


def audit(home: Home, candidate: Candidate, verdict: str = "pass", **changed: Any) -> Candidate:
    """What the gate does: a verdict against what readers see now."""
    done = [entry for entry in Ledger(home.ledger).scan().entries if entry["kind"] == "done"]
    candidate.write_verdict(
        {
            "candidate": candidate.content_hash,
            "verdict": verdict,
            "warnings": 1 if verdict == "warn" else 0,
            "predecessor": done[-1]["publication_id"] if done else None,
            "audited_at": "2026-01-01T00:00:00Z",
            "checks": [
                {
                    "rule": "rows",
                    "table": "account_segments",
                    "severity": "block",
                    "figure": "5",
                    "bound": "1",
                    "verdict": verdict,
                    "sentence": "There are accounts.",
                    "observed": "5 rows",
                }
            ],
            **changed,
        }
    )
    return candidate


def run(home: Home, as_of: str = "2011-12-09", accounts: int = 5, **given: Any) -> Published:
    """Build, audit, publish."""
    return publish(home, audit(home, build(home, as_of, accounts, **given)).content_hash)


@dataclass(frozen=True)
class Begun:
    """A home with a publication of 9 December, and a candidate of the 10th, not yet audited."""

    home: Home
    first: Published
    coming: Candidate

    @classmethod
    def make(cls, root: Path) -> "Begun":
        home = Home(root).prepare()
        return cls(home, run(home), build(home, "2011-12-10", accounts=7))

    def copy(self, root: Path) -> "Begun":
        home = Home(Path(shutil.copytree(self.home.root, root, symlinks=True)))
        return Begun(home, self.first, Candidate.read(home, self.coming.content_hash))

    def publish(self, **given: Any) -> Published:
        """Audit and publish what is coming."""
        return publish(self.home, audit(self.home, self.coming).content_hash, **given)


def landed(home: Home, content: bytes, path: str = "2011-12-01.csv") -> Input:
    """Land a file as the sources do."""
    sha256 = hashlib.sha256(content).hexdigest()
    copy = home.landing / sha256[:2] / f"{sha256}.csv"
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_bytes(content)
    return Input("online_retail", path, sha256, len(content), content.count(b"\n"))
