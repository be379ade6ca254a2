"""What readers of a DuckDB file and of PostgreSQL see, and a publisher that can be killed."""

import os
import shutil
import signal
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import duckdb
from made_company import audit
from postgres_server import Database
from thermocline.audit.verification import verify
from thermocline.candidates.candidate import Candidate
from thermocline.home import Home
from thermocline.ledger.chain import Ledger, recorded
from thermocline.publishing.publication import Published, database, publish, targets

CONNECTION = "AIRFLOW_CONN_BI"
"""Set in each child: the process that starts them has the environment of its own beginning."""

SEEN = """
select segments.publication_id, history.accounts, count(*), publication.accounts, publication.content_hash
from reporting.account_segments as segments
cross join (select count(*) as accounts from reporting.account_temperature_history) as history
cross join (select * from reporting.publication where is_current) as publication
group by segments.publication_id, history.accounts, publication.accounts, publication.content_hash
"""


@dataclass(frozen=True)
class TwoTargets:
    """A home that publishes to a DuckDB file and to PostgreSQL, and two candidates of one content each."""

    home: Home
    database: Database
    candidates: tuple[Candidate, Candidate]
    first: str

    @property
    def place(self) -> tuple[str, str]:
        """What a child needs to publish here."""
        return str(self.home.root), self.database.uri

    def copy(self, root: Path) -> "TwoTargets":
        home = Home(Path(shutil.copytree(self.home.root, root, symlinks=True)))
        small, large = (Candidate.read(home, candidate.content_hash) for candidate in self.candidates)
        return TwoTargets(home, self.database.copy(), (small, large), self.first)

    def audited(self, nth: int) -> str:
        """One of the two candidates, judged against what readers see now."""
        return audit(self.home, self.candidates[nth % 2]).content_hash

    def publish(self, nth: int, progress: Callable[[str], None] = lambda _: None) -> Published:
        return publish(self.home, self.audited(nth), progress=progress)

    def seen(self) -> list[tuple[str, str]]:
        """Publication and content, by target; fails where a reader would see a mixture."""
        with duckdb.connect(str(database(self.home)), read_only=True) as file:
            found = [file.execute(SEEN).fetchall()]
        with closing(self.database.connect()) as server:
            found.append(server.execute(SEEN).fetchall())
        for rows in found:
            assert len(rows) == 1, rows
            assert rows[0][1] == rows[0][2] == rows[0][3], rows
        return [(rows[0][0], rows[0][4]) for rows in found]

    def check_whole(self, content_hash: str) -> None:
        """Every target has this content in its last publication; nothing is open or left over.

        That what is stored is what the ledger says, table by table, is what `verify` reads back.
        """
        (one, other) = self.seen()
        assert one == other
        assert one[1] == content_hash
        assert all(target.kept()[-1] == one[0] for target in targets(self.home))
        publications = recorded(Ledger(self.home.ledger).entries())
        assert publications[one[0]].intent["content_hash"] == content_hash
        assert sorted(publications[one[0]].done) == ["duckdb", "postgres"]
        assert not any(each.is_open for each in publications.values())
        report = verify(self.home)
        assert report.lines()[0].startswith("intact"), report.lines()
        assert not list(self.home.reporting.glob(".writing*"))


def publish_and_die(root: str, uri: str, content_hash: str, deadly: int) -> None:
    """Publish, and be killed right after a step, counted from 0."""
    os.environ[CONNECTION] = uri
    steps: list[str] = []

    def progress(step: str) -> None:
        steps.append(step)
        if len(steps) > deadly:
            os.kill(os.getpid(), signal.SIGKILL)

    publish(Home(Path(root)), content_hash, progress=progress)


def publish_when_told(root: str, uri: str, content_hash: str, line: Connection) -> None:
    """Say that all is imported, publish at once, and say that it is done."""
    os.environ[CONNECTION] = uri
    home = Home(Path(root))
    targets(home)
    line.send("ready")
    publish(home, content_hash)
    line.send("done")
