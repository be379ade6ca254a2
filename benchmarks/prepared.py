"""What `make bench-setup` makes and `make bench` does not measure: `python benchmarks/prepared.py [SIZE]`.

var/bench/<size>/example/   the exports of the whole past
var/bench/<size>/loaded/    a company of the longest past, screened, where the first load's is shorter
var/bench/smallest/set-up/  a company in whose home what is done once in a home has been done
var/bench/parsed/           the dbt project as the peers' dbt has parsed it

All but the exports bear in a file `code` what state of the code made them, and are made anew for another one.
"""

import hashlib
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import per_model
from company import Company, Size
from sizes import SMALLEST, named
from thermocline.errors import ThermoclineError
from thermocline.home import PROJECT

CODE = ("plugins", "dags", "dbt_project", "expectations", "constraints.txt")
IGNORED = {"target", "logs", "__pycache__"}

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Prepared:
    """`set_up`: a company whose home has Airflow's database, dbt's parse results and passed unit tests."""

    set_up: Company
    longest: Company | None


def prepare(size: Size, tell: Tell) -> Prepared:
    """Make what isn't there."""
    state = code_state()
    if not size.is_made:
        tell("making the example's exports")
        size.example()
    if per_model.PEERS.exists() and not _made_by(per_model.PARSED, state):
        tell("parsing the project for the peers' dbt")
        shutil.rmtree(per_model.PARSED, ignore_errors=True)
        per_model.parse()
        _mark(per_model.PARSED, state)
    set_up = Company(SMALLEST, "set-up", SMALLEST.past)
    if not _made_by(set_up.root, state):
        tell("setting up a home")
        set_up.deal()
        set_up.anew()
        _mark(set_up.root, state)
    if size.longest_past is None:
        return Prepared(set_up, None)
    longest = Company(size, "loaded", size.longest_past)
    if not _made_by(longest.root, state):
        tell("loading the longest past")
        longest.deal()
        longest.fresh(set_up.home)
        longest.screened()
        _mark(longest.root, state)
    return Prepared(set_up, longest)


def code_state() -> str:
    """A hash over the files that decide what a run does: a home made by other code builds everything anew."""
    state = hashlib.sha256()
    for path in sorted(path for name in CODE for path in _files(PROJECT / name)):
        state.update(
            f"{path.relative_to(PROJECT)} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode()
        )
    return state.hexdigest()


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return [each for each in path.rglob("*") if each.is_file() and not IGNORED & {*each.parts}]


def _made_by(folder: Path, state: str) -> bool:
    with suppress(FileNotFoundError):
        return (folder / "code").read_text(encoding="utf-8") == state
    return False


def _mark(folder: Path, state: str) -> None:
    (folder / "code").write_text(state, encoding="utf-8")


if __name__ == "__main__":
    try:
        prepare(named(*sys.argv[1:] or ["full"]), lambda line: print(line, file=sys.stderr, flush=True))
    except ThermoclineError as error:
        print(f"benchmark: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
