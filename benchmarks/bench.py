"""All benchmarks in one table: `python benchmarks/bench.py [full|small|tiny]`.

Writes results/bench-<size>.md and .json. What `prepared.py` makes stays in var/bench for the next time,
everything else is removed.
"""

import sys
import time
from collections.abc import Callable, Iterable
from itertools import chain
from pathlib import Path

import others
import screening
from company import Company
from prepared import prepare
from processes import Taken
from sizes import named
from table import RESULTS, Row, write
from thermocline.errors import ThermoclineError


def main(name: str, results: Path = RESULTS, screened: Callable[[Company], Taken] = Company.anew) -> str:
    """Measure, write and return the table. Raises InputError for a size that there isn't.

    The tiniest size only tries the company and its peers out; `screened` screens it.
    """
    size, began = named(name), time.monotonic()

    def tell(what: str) -> None:
        print(f"{time.monotonic() - began:6.0f} s  {what}", file=sys.stderr, flush=True)

    rows: list[Row] = []
    parts: Iterable[Row] = (
        screening.try_out(size, screened, tell)
        if name == "tiny"
        else chain(screening.measure(size, prepare(size, tell), tell), others.measure(size, tell))
    )
    text = ""
    for row in parts:
        if size.runs == 1:
            row.met = None
        rows.append(row)
        # What has been measured stands, whatever becomes of the rest.
        text = write(name, size.runs, (time.monotonic() - began) / 60, rows, results)
    return text


if __name__ == "__main__":
    try:
        print(main(*sys.argv[1:] or ["full"]))
    except ThermoclineError as error:
        print(f"benchmark: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
