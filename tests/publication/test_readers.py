"""Readers in another process, while publications happen."""

import time
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext

import duckdb
from made_company import Begun, audit, build
from thermocline.home import Home
from thermocline.ledger import Ledger
from thermocline.publication import database, publish
from thermocline.verification import verify

PUBLICATIONS = 11


def read_on(path: str, stop: Connection) -> None:
    """Read joins until told to stop; send back the publications seen, and what went wrong."""
    seen: list[str] = []
    wrong: list[str] = []
    while not stop.poll():
        try:
            with duckdb.connect(path, read_only=True) as connection:
                found = connection.execute(
                    "select segments.publication_id, checks.publication_id, now.publication_id, "
                    "count(*), max(now.accounts) from reporting.account_segments as segments, "
                    "reporting.gate_checks as checks, "
                    "(from reporting.publication where is_current) as now group by all"
                ).fetchall()
        except duckdb.Error as error:
            wrong.append(str(error))
            continue
        finally:
            time.sleep(0.02)
        if len(found) != 1 or len(set(found[0][:3])) != 1 or found[0][3] != found[0][4]:
            wrong.append(str(found))
        seen.append(found[0][0])
    stop.send((seen, wrong))


def test_readers_see_whole_publications_without_an_error(home: Home, processes: BaseContext) -> None:
    candidates = [build(home, accounts=accounts) for accounts in (5, 6)]
    publish(home, audit(home, candidates[0]).content_hash)
    ours, theirs = processes.Pipe()
    reader = processes.Process(target=read_on, args=(str(database(home)), theirs))
    reader.start()
    published = [
        publish(home, audit(home, candidates[nth % 2]).content_hash) for nth in range(1, PUBLICATIONS)
    ]
    time.sleep(0.1)
    ours.send("stop")
    seen, wrong = ours.recv()
    reader.join()

    names = ["2011-12-09-0001", *(each.publication_id for each in published)]
    assert names == sorted(set(names))
    assert len(names) == PUBLICATIONS
    assert wrong == []
    assert seen == sorted(seen)
    assert len(set(seen)) > PUBLICATIONS / 2
    assert seen[-1] == names[-1]
    assert len(list(home.reporting.glob("2*.duckdb"))) == 10
    assert len(Ledger(home.ledger).entries()) == 2 * PUBLICATIONS
    assert verify(home).findings == []


def test_a_reader_keeps_its_publication_while_others_follow(begun: Begun) -> None:
    path, counted = str(database(begun.home)), "select count(*) from reporting.account_segments"
    with duckdb.connect(path, read_only=True) as connection:
        begun.publish()
        assert connection.execute(counted).fetchall() == [(5,)]
        with duckdb.connect(path, read_only=True) as later:
            assert later.execute(counted).fetchall() == [(7,)]
