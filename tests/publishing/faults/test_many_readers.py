"""Eight readers of both targets join several tables in a loop, while publications follow each other."""

import time
from contextlib import closing
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext

import duckdb
import psycopg
from fault_table import Tally
from postgres_server import Database
from thermocline.audit.verification import verify
from thermocline.ledger.chain import Ledger
from thermocline.publishing.publication import database
from two_targets import TwoTargets

READERS = 8
JOINED = """
select segments.publication_id, checks.publication_id, publication.publication_id,
    count(*), max(publication.accounts), max(history.accounts), max(timeline.accounts)
from reporting.account_segments as segments
cross join reporting.gate_checks as checks
cross join (select * from reporting.publication where is_current) as publication
cross join (select count(*) as accounts from reporting.account_temperature_history) as history
cross join (select count(distinct account_id) as accounts from reporting.account_timeline) as timeline
group by segments.publication_id, checks.publication_id, publication.publication_id
"""


def read_file(path: str) -> list[tuple[object, ...]]:
    with duckdb.connect(path, read_only=True) as connection:
        return connection.execute(JOINED).fetchall()


def read_on(path: str, server: Database | None, stop: Connection) -> None:
    """Read until told to stop; send back the publications seen in order, and what went wrong."""
    seen: list[str] = []
    wrong: list[str] = []
    session = server.connect() if server else None
    stop.send("reading")
    while not stop.poll():
        try:
            found = session.execute(JOINED).fetchall() if session else read_file(path)
            if len(found) != 1 or len(set(found[0][:3])) != 1 or len(set(found[0][3:])) != 1:
                wrong.append(str(found))
            elif not seen or seen[-1] != found[0][0]:
                seen.append(str(found[0][0]))
        except (duckdb.Error, psycopg.Error) as error:
            wrong.append(str(error))
        time.sleep(0.1)
    stop.send((seen, wrong))


def test_readers_see_whole_publications_without_an_error(
    company: TwoTargets, processes: BaseContext, survived: Tally, thorough: bool
) -> None:
    wanted = 50 if thorough else 6
    path, lines, children = str(database(company.home)), [], []
    for nth in range(READERS):
        ours, theirs = processes.Pipe()
        server = company.database if nth % 2 else None
        child = processes.Process(target=read_on, args=(path, server, theirs))
        child.start()
        lines.append(ours)
        children.append(child)
    assert [line.recv() for line in lines] == ["reading"] * READERS
    names = [company.first, *(company.publish(nth).publication_id for nth in range(1, wanted + 1))]
    time.sleep(0.5)
    for line in lines:
        line.send("stop")
    told = [line.recv() for line in lines]
    for child in children:
        child.join()

    assert names == sorted(set(names))
    for seen, wrong in told:
        assert wrong == []
        assert seen == sorted(set(seen))
        assert set(seen) <= set(names)
        assert seen[-1] == names[-1]
    assert {name for seen, _ in told for name in seen} >= set(names[wanted // 2 :: 3])
    assert len(Ledger(company.home.ledger).entries()) == 3 * len(names)
    assert verify(company.home).findings == []
    survived(f"publications while {READERS} readers join tables of DuckDB and PostgreSQL", wanted)


def test_a_session_sees_one_publication_within_a_transaction(company: TwoTargets) -> None:
    with closing(company.database.connect()) as session:
        session.execute("begin isolation level repeatable read")
        company.publish(1)
        assert {row[0] for row in session.execute(JOINED).fetchall()} == {company.seen()[0][0]}
