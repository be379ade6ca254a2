"""All benchmarks in one table: `python benchmarks/bench.py [full|small|tiny]`.

Writes results/bench-<size>.md and .json. What `prepared.py` makes stays in var/bench for the next time,
everything else is removed.
"""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

import others
import per_model
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
    parts: list[Iterable[Row]]
    if name == "tiny":
        parts = [screening.try_out(size, screened, tell)]
    else:
        made = prepare(size, tell)
        parts = [
            screening.measure(size, made, tell),
            chain(per_model.measure(size, made.set_up, tell), others.measure(size, tell)),
        ]
    text = ""
    for row in chain(*parts) if size.runs > 1 else at_once(parts):
        if size.runs == 1:
            row.met = None
        rows.append(row)
        # What has been measured stands, whatever becomes of the rest.
        text = write(name, size.runs, (time.monotonic() - began) / 60, rows, results)
    return text


def at_once(parts: list[Iterable[Row]]) -> Iterator[Row]:
    """The rows of every part, in their order, the parts measured beside each other.

    Where nothing is to be quoted, that shows as well that they work, in half the time.
    """
    with ThreadPoolExecutor(len(parts)) as pool:
        for rows in pool.map(list, parts):
            yield from rows


if __name__ == "__main__":
    try:
        print(main(*sys.argv[1:] or ["full"]))
    except ThermoclineError as error:
        print(f"benchmark: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
