"""Landings that are killed, and landings at the same time."""

import multiprocessing
import os
import signal
import time
from pathlib import Path

from export_files import ACCOUNTS, PAYMENTS, age, land_all, load_all, payment, write, write_bytes
from thermocline.home import Home
from thermocline.landing.land import land

SPAWN = multiprocessing.get_context("spawn")


def copies(home: Home) -> list[str]:
    return [path.name for path in home.landing.glob("??/*")]


def test_temporary_files_of_killed_runs_are_removed_after_a_day(home, exports):
    write(exports, "Payments.csv", PAYMENTS, payment(1))
    old = write_bytes(home.landing, ".incoming/1-1", b"half")
    new = write_bytes(home.landing, ".incoming/1-2", b"half")
    age(old, 25 * 3600)
    land(home, "billing", exports)
    assert (old.exists(), new.exists()) == (False, True)


def _many(exports: Path, files: int) -> None:
    for n in range(files):
        write(exports, f"billing/2024-01-05/{n}.csv", PAYMENTS, payment(n), payment(-n))
        write(exports, f"crm/2024-01-05/{n}.csv", ACCOUNTS, f"{n}" + "," * 16)


def test_landings_at_the_same_time_land_each_file_once(home, exports):
    _many(exports, 20)
    runs = [SPAWN.Process(target=land, args=(home, system, exports)) for system in ("crm", "billing")]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert [run.exitcode for run in runs] == [0, 0]
    assert len(copies(home)) == 40
    loaded = load_all(home)
    assert (loaded.files, loaded.rows_loaded) == (40, 60)
    assert [landing.landed for landing in land_all(home)] == [0, 0]


def test_a_killed_landing_is_finished_by_the_next(home, exports):
    _many(exports, 60)
    run = SPAWN.Process(target=land, args=(home, "billing", exports))
    run.start()
    while run.is_alive() and len(list(home.landing.glob("??/*"))) < 10:
        time.sleep(0.001)
    os.kill(run.pid, signal.SIGKILL)
    run.join()
    land_all(home, exports)
    loaded = load_all(home)
    assert (loaded.files, loaded.rows_loaded, len(copies(home))) == (120, 180, 120)
