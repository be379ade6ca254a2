"""All benchmarks in one table: `python benchmarks/bench.py [full|small|tiny]`.

Writes results/bench-<size>.md and .json. The example's exports stay in var/bench for the next time,
everything else is removed. Sizes below full have one run each: they show that it works, not how fast it is.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import others
import per_model
import screening
from company import Company, Size
from processes import Taken
from table import RESULTS, Row, write
from thermocline.errors import InputError, ThermoclineError

SIZES = {
    # Pasts of about 1, 10 and 30 million lines.
    "full": Size("full", accounts=50_000, days=2_190, lines=30_000_000, pasts=(73, 730, 2_190), runs=3),
    "small": Size("small", accounts=2_000, days=365, lines=120_000, pasts=(40, 365), runs=1),
    "tiny": Size("tiny", accounts=100, days=60, lines=2_000, pasts=(60,), runs=1),
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
    if name == "tiny":
        rows += screening.try_out(size, screened, tell)
    else:
        for part in (screening.measure, per_model.measure, others.measure):
            rows += part(size, tell)
    return write(name, size.runs, (time.monotonic() - began) / 60, rows, results)


if __name__ == "__main__":
    try:
        print(main(*sys.argv[1:] or ["full"]))
    except ThermoclineError as error:
        print(f"benchmark: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
