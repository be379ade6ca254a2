"""The hand-written peers of a screening, each run over the same exports, and their temperatures."""

import sys
from contextlib import closing
from pathlib import Path

import duckdb
import pandas as pd
from company import Company
from processes import Taken, run
from thermocline.errors import ThermoclineError

HERE = Path(__file__).resolve().parent


def by_hand(company: Company) -> Taken:
    """One DuckDB script; its temperatures are those published."""
    database = company.root / "by_hand.duckdb"
    taken = run(
        [sys.executable, HERE / "by_hand.py", company.exports, company.as_of, database],
        company.root / "by_hand.log",
    )
    with closing(duckdb.connect(str(database), read_only=True)) as connection:
        rows = connection.execute("select account_id, temperature from reporting.account_segments").fetchall()
    same(company, dict(rows), "by_hand.sql")
    database.unlink()
    return taken


def with_pandas(company: Company) -> Taken:
    """One pandas script; its temperatures are those published."""
    folder = company.root / "pandas"
    taken = run(
        [sys.executable, HERE / "with_pandas.py", company.exports, company.as_of, folder],
        company.root / "pandas.log",
    )
    segments = pd.read_pickle(folder / "account_segments.pickle")
    same(company, dict(zip(segments["account_id"], segments["temperature"], strict=True)), "with_pandas.py")
    return taken


def same(company: Company, theirs: dict[str, str], name: str) -> None:
    ours = company.temperatures()
    differing = [account for account in {*ours, *theirs} if ours.get(account) != theirs.get(account)]
    if differing:
        raise ThermoclineError(
            f"{name} gives {len(differing)} accounts another temperature, {min(differing)} first: "
            "then it doesn't do the same, and no ratio means anything"
        )
