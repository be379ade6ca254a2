"""Deliver damaged files by the thousand; whatever they hold, nothing escapes and nothing is lost.

    python fuzzing.py [--files 10000] [--minutes 15] [--seed N]

Every batch is landed and loaded in a home of its own. Then every file is landed, or left out with a
reason; every record of a landed file is loaded, quarantined or left out on purpose, under a number
of its own; and the money of a file is that of its rows. No dbt is needed for that.
"""

import argparse
import os
import random
import sys
import tempfile
import time
from collections import Counter
from itertools import islice
from pathlib import Path

import duckdb
import yaml
from mutations import Made, files
from thermocline.home import Home
from thermocline.landing.land import land
from thermocline.loading.load import load
from thermocline.mapping.canonical import TABLES
from thermocline.mapping.files import load_mappings
from thermocline.mapping.model import Mappings

BATCH = 120


def fuzz(count: int, seed: int, until: float = float("inf")) -> Counter[str]:
    """Figures over `count` files, fewer when the time is over. Raises what should never be."""
    mappings = load_mappings()
    found: Counter[str] = Counter()
    stream = files(mappings, seed)
    while found["files"] < count and time.time() < until:
        batch = list(islice(stream, min(BATCH, count - found["files"])))
        with tempfile.TemporaryDirectory(prefix="thermocline-fuzz-") as folder:
            try:
                found += _deliver(batch, mappings, Path(folder))
            except BaseException:
                print(f"seed {seed}, after {found['files']} files", file=sys.stderr)
                raise
    return found


def _deliver(batch: list[Made], mappings: Mappings, folder: Path) -> Counter[str]:
    home = Home(folder / "home").prepare()
    exports = folder / "exports"
    for made in batch:
        target = exports / made.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(made.content)
        os.utime(target, (1.7e9, 1.7e9))
    sources = [{"mapping": name, "location": str(exports)} for name in mappings]
    (home.config / "sources.yml").write_text(yaml.safe_dump({"sources": sources}))
    landed = [land(home, system) for system in ("crm", "billing")]
    left_out = set(landed[0].left_out) | set(landed[1].left_out)
    with duckdb.connect(config={"threads": "2"}) as connection:
        loaded = load(home, connection, "Europe/Berlin")
        delivered = _hold(connection)
    lost = {made.path for made in batch} - left_out - delivered
    assert not lost, f"neither landed nor left out: {sorted(lost)}"
    assert {made.path: (exports / made.path).read_bytes() for made in batch} == {
        made.path: made.content for made in batch
    }, "a source's file was changed"
    return Counter(
        files=len(batch),
        left_out=len(left_out),
        tables=loaded.files,
        records=loaded.rows_read,
        loaded=loaded.rows_loaded,
        quarantined=loaded.rows_quarantined,
        excluded=loaded.rows_excluded,
    )


def _hold(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Assert conservation of rows and money; the delivered paths."""
    rows = " union all ".join(
        f"select file_id, source_row, {table.money or 'null'} as money, '{table.name}' as feed "
        f"from raw.{table.name}"
        for table in TABLES.values()
    )
    kept = "select file_id, source_row, null as money, 'quarantine' as feed from raw.quarantine"
    unbalanced = connection.execute(
        f"""
        with kept as ({rows} union all {kept}),
        counted as (
            select file_id, count(*) as rows_kept, count(distinct source_row) as numbers,
                max(source_row) as last, count_if(feed != 'quarantine') as loaded,
                coalesce(sum(money), 0) as money
            from kept group by file_id
        )
        select source_file, rows_read, rows_loaded, rows_quarantined, rows_excluded, counted.*
        from raw.files left join counted using (file_id)
        where rows_read != rows_loaded + rows_quarantined + rows_excluded
            or coalesce(loaded, 0) != rows_loaded
            or coalesce(rows_kept, 0) != rows_loaded + rows_quarantined
            or coalesce(numbers, 0) != coalesce(rows_kept, 0)
            or coalesce(last, 0) > rows_read
            or coalesce(money_loaded, 0) != coalesce(money, 0)
            or money_read != money_loaded + money_quarantined + money_excluded
        """
    ).fetchall()
    assert not unbalanced, f"rows or money don't reconcile: {unbalanced}"
    paths = connection.execute("select source_file from raw.deliveries").fetchall()
    return {_outer(path) for (path,) in paths}


def _outer(path: str) -> str:
    path, end, _ = path.partition(".zip/")
    return (path + end.rstrip("/")) if end else path.partition("#")[0]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    started = time.time()
    found = fuzz(options.files, options.seed, started + 60 * options.minutes)
    figures = ", ".join(f"{name} {count:,}" for name, count in found.items())
    print(f"{figures}, in {time.time() - started:.0f} s: conservation holds, no exception escaped")


if __name__ == "__main__":
    main()
