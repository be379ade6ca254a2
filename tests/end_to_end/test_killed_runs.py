"""SIGKILL at any instant of a whole run: the next one ends as if nothing had happened."""

import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import duckdb
from fault_table import Tally
from in_parts import InParts
from screened import Screened, screen
from thermocline.audit.verification import verify
from thermocline.example import generate
from thermocline.home import Home
from thermocline.publishing.publication import database

THOROUGH = bool(os.environ.get("THERMOCLINE_FAULTS"))
IMPORTED = ["screened", "dbt.cli.main", *(["great_expectations", "airflow.sdk"] if THOROUGH else [])]
"""What a run imports until it is killed, once for all of them; a single one is killed while it builds."""


def run_when_told(root: str, exports: str, line: Connection) -> None:
    """Say that all is imported, then land, build, audit and publish."""
    line.send("ready")
    screen(Home(Path(root)), Path(exports))


def copied(home: Home, target: Path) -> Home:
    return Home(Path(shutil.copytree(home.root, target, symlinks=True)))


def seen(home: Home) -> set[tuple[str, str]]:
    """Publication and content as readers see them, by joining tables."""
    with duckdb.connect(str(database(home)), read_only=True) as connection:
        return set(
            connection.execute(
                "select segments.publication_id, publication.content_hash "
                "from reporting.account_segments as segments "
                "cross join (select * from reporting.publication where is_current) as publication"
            ).fetchall()
        )


def test_killed_at_any_instant_of_a_run(delivered_in_parts: InParts, tmp_path: Path, survived: Tally) -> None:
    """The run that is killed lands, screens and publishes the second part."""
    home, exports = delivered_in_parts.first.screened.home, delivered_in_parts.whole.screened.exports
    expected, times = (
        delivered_in_parts.whole.screened.published.content_hash,
        delivered_in_parts.whole.seconds,
    )
    before = seen(home)
    assert {content for _, content in before} != {expected}

    drawn = random.Random(20111209)
    stages: list[Callable[[], float]] = [
        lambda: drawn.uniform(0, times["landed"]),
        lambda: drawn.uniform(times["landed"], times["built"]),
        lambda: drawn.uniform(times["built"], times["published"]),
    ]
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(IMPORTED)
    kills = 0
    while kills < (16 if THOROUGH else 1):
        hurt = copied(home, tmp_path / "hurt")
        ours, theirs = context.Pipe()
        child = context.Process(target=run_when_told, args=(str(hurt.root), str(exports), theirs))
        child.start()
        theirs.close()
        assert ours.recv() == "ready"
        delay = stages[(kills + 1) % 3]()
        time.sleep(delay)
        child.kill()
        child.join()
        if child.exitcode == 0:
            # It was quicker than the undisturbed run; the instant is drawn again.
            shutil.rmtree(hurt.root)
            continue
        assert child.exitcode == -signal.SIGKILL
        kills += 1
        story = f"killed {delay:.2f} s after it began"
        assert seen(hurt) == before or {content for _, content in seen(hurt)} == {expected}, story
        assert verify(hurt).exit_code == 0, story
        assert screen(hurt, exports).published.content_hash == expected, story
        assert {content for _, content in seen(hurt)} == {expected}, story
        assert verify(hurt).lines()[0].startswith("intact"), story
        survived("killed (SIGKILL) at a random instant of a whole run, from landing to publication")
        shutil.rmtree(hurt.root)


def test_make_run_works_at_once_after_the_kill_of_a_runs_process_group(
    example: Screened, tmp_path: Path, survived: Tally
) -> None:
    """The first run is killed with its whole group while dbt builds; the next one isn't refused."""
    home, exports = example.begin(tmp_path / "home"), tmp_path / "exports"
    generate(20, 60, 1, exports)
    command = [sys.executable, "-m", "thermocline.command.cli", "run", f"--exports={exports}"]
    environment = os.environ | {"THERMOCLINE_HOME": str(home.root)}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as run:
        assert run.stdout
        assert any("building every table" in line for line in run.stdout)
        os.killpg(run.pid, signal.SIGKILL)
    assert run.returncode == -signal.SIGKILL
    again = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert again.returncode == 0, again.stdout + again.stderr
    assert " published as " in again.stdout
    assert len(seen(home)) == 1
    assert verify(home).exit_code == 0
    survived("killed (SIGKILL) with the whole process group of `make run`")
