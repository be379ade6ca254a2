"""All benchmarks in one table: `python benchmarks/bench.py [full|small|tiny]`.

Writes results/bench-<size>.md and .json. The example's exports stay in var/bench for the next time,
everything else is removed. Sizes below full have one run each: they show that it works, not how fast it is.
"""

import sys
import time
from collections.abc import Callable, Iterable
from itertools import chain
from pathlib import Path

import others
import screening
from company import Company, Size
from processes import Taken
from table import RESULTS, Row, write
from thermocline.errors import InputError, ThermoclineError

SIZES = {
    # Pasts of about 1, 10 and 30 million lines.
    "full": Size("full", 50_000, days=2_190, lines=30_000_000, past=730, runs=3, other_pasts=(73, 2_190)),
    "small": Size("small", 1_000, days=120, lines=40_000, past=120, runs=1),
    "tiny": Size("tiny", 100, days=60, lines=2_000, past=60, runs=1),
}


def main(name: str, results: Path = RESULTS, screened: Callable[[Company], Taken] = Company.anew) -> str:
    """Measure, write and return the table. Raises InputError for a size that there isn't.

    The tiniest size only tries the company and its peers out; `screened` screens it.
    """
    if name not in SIZES:
        raise InputError(f"there is no size '{name}': choose one of {', '.join(SIZES)}")
    size, began = SIZES[name], time.monotonic()

    def tell(what: str) -> None:
        print(f"{time.monotonic() - began:6.0f} s  {what}", file=sys.stderr, flush=True)

    tell("the example")
    size.example()
    rows: list[Row] = []
    parts: Iterable[Row] = (
        screening.try_out(size, screened, tell)
        if name == "tiny"
        else chain(screening.measure(size, tell), others.measure(size, tell))
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
