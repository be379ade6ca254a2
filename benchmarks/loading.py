"""Landing and loading one large export, beside what DuckDB alone needs for the same typed table.

Two made exports: lines of a wholesaler in Latin-1, and the invoice lines of an ERP. Each is written
into a database file by one hand-written statement, then landed and loaded, each time in a process of
its own, three times in turn. `python benchmarks/loading.py [full|small|tiny]` writes a table and its
figures to benchmarks/results/. After that, one day's file comes into what was loaded.
"""

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
from thermocline import warehouse
from thermocline.errors import InputError, ThermoclineError
from thermocline.home import Home
from thermocline.landing.land import land
from thermocline.loading.load import load

RESULTS = Path(__file__).resolve().parent / "results"
SIZES = {"full": 10_000_000, "small": 1_000_000, "tiny": 20_000}
DAY, UNREADABLE = 700, 1000
RUNS = int(os.environ.get("RUNS", "3"))
SETTLED = 1_600_000_000

# One line in `UNREADABLE` has an amount that is none.
LINES = f"""
    select 500000 + n // 12 as "InvoiceNo",
        20000 + hash(n) % 5000 || case when n % 7 = 0 then 'A' else '' end as "StockCode",
        case when hash(n + 1) % 50 = 0 then 'CAFÉ MUG, "BLUE"'
            else 'HANGING HEART HOLDER ' || hash(n + 2) % 900 end as "Description",
        case when n % {UNREADABLE} = 500 then 'many' else cast(1 + hash(n + 3) % 24 as varchar) end
            as "Quantity",
        strftime(timestamp '2010-12-01 08:26:00' + to_minutes(cast(n // 20 as bigint)), '%Y-%m-%d %H:%M:%S')
        as "InvoiceDate",
        cast(hash(n + 4) % 2000 / 100 as decimal(9, 2)) as "UnitPrice",
        case when hash(n // 12) % 4 != 0 then 12000 + hash(n // 12) % 5000 || '.0' end as "CustomerID",
        'United Kingdom' as "Country"
    from range({{first}}, {{last}}) as lines(n)
"""
DOCUMENTS = f"""
    select 'R-' || 500000 + n // 4 as "InvoiceNo", 1 + n % 4 as "LineNo",
        'A' || hash(n) % 5000 as "ArticleNo",
        'Schraube, verzinkt, M' || hash(n + 1) % 40 as "Description",
        1 + hash(n + 3) % 24 as "Quantity", cast(hash(n + 4) % 2000 / 100 as decimal(9, 2)) as "UnitPrice",
        case when n % {UNREADABLE} = 500 then '?' else cast(cast((1 + hash(n + 3) % 24)
        * (hash(n + 4) % 2000) / 100 as decimal(9, 2)) as varchar) end as "Amount"
    from range({{first}}, {{last}}) as lines(n)
"""

PLACE = "cast(1 as integer) as file_id, row_number() over () as source_row"
READER = """
    from read_csv('{file}', auto_detect = false, header = true, delim = ',', quote = '"', escape = '"',
        ignore_errors = true, encoding = '{encoding}', columns = {{{columns}}})
"""
BARE_LINES = f"""
    create table invoice_lines as
    select "InvoiceNo" as invoice_id, "StockCode" as product_code,
        "Description" as description, "Quantity" as quantity, "UnitPrice" as unit_price,
        cast("Quantity" * "UnitPrice" as decimal(18, 4)) as amount,
        case when ends_with("CustomerID", '.0') then left("CustomerID", -2) else "CustomerID" end
            as customer_id,
        "Country" as country, "InvoiceDate" as issued_at, 'GBP' as currency,
        case when starts_with("InvoiceNo", 'C') then 'credit_note'
            when starts_with("InvoiceNo", 'A') then 'adjustment' else 'invoice' end as kind, {PLACE}
"""
BARE_DOCUMENTS = f"""
    create table invoice_lines as
    select "InvoiceNo" as invoice_id, "LineNo" as line_no, "ArticleNo" as product_code,
        "Description" as description, "Quantity" as quantity, "UnitPrice" as unit_price, "Amount" as amount,
        {PLACE}
"""
NUMBERS = {
    "LineNo": "integer",
    "Quantity": "decimal(18, 4)",
    "UnitPrice": "decimal(18, 6)",
    "Amount": "decimal(18, 4)",
    "InvoiceDate": "timestamp",
}
# Its file's name, the lines, the bare statement, the encoding.
SHAPES = {
    "lines": ("{day}.csv", LINES, BARE_LINES, "latin-1"),
    "documents": ("{day}/InvoiceLines.csv", DOCUMENTS, BARE_DOCUMENTS, "utf-8"),
}


def write(shape: str, folder: Path, day: str, first: int, last: int) -> Path:
    """An export of the lines from `first` to before `last`, settled."""
    name, lines, _, encoding = SHAPES[shape]
    target = folder / name.format(day=day)
    target.parent.mkdir(parents=True, exist_ok=True)
    query = lines.format(first=first, last=last)
    with duckdb.connect() as connection:
        connection.execute(f"copy ({query}) to '{target}' (header, delimiter ',')")
    if encoding != "utf-8":
        recoded = target.with_suffix(".recoded")
        with (
            target.open(encoding="utf-8", newline="") as source,
            recoded.open("w", encoding=encoding, newline="") as out,
        ):
            shutil.copyfileobj(source, out, 1 << 20)
        recoded.replace(target)
    os.utime(target, (SETTLED, SETTLED))
    return target


def bare(shape: str, file: Path, database: Path) -> int:
    """DuckDB alone, in one statement; the rows that it loads."""
    _, lines, statement, encoding = SHAPES[shape]
    with duckdb.connect(str(database), config=warehouse.limits(Home(database.parent))) as connection:
        names = [column[0] for column in connection.execute(lines.format(first=0, last=0)).description]
        columns = ", ".join(f"'{name}': '{NUMBERS.get(name, 'varchar')}'" for name in names)
        reader = READER.format(file=file, encoding=encoding, columns=columns)
        connection.execute(f"{statement} {reader}")
        [(rows,)] = connection.execute("select count(*) from invoice_lines").fetchall()
        connection.execute("checkpoint")
    return rows


def ours(home: Home, exports: Path) -> dict[str, float]:
    """Land and load what is new in `exports`; seconds of both and the rows loaded."""
    clock = time.perf_counter()
    land(home, "billing", exports)
    landed = time.perf_counter()
    with closing(warehouse.connect(home)) as connection:
        loaded = load(home, connection, "UTC")
        connection.execute("checkpoint")
    return {
        "rows": loaded.rows_loaded,
        "quarantined": loaded.rows_quarantined,
        "landing_seconds": landed - clock,
        "loading_seconds": time.perf_counter() - landed,
    }


def child(arguments: list[str]) -> dict[str, float]:
    """Run one measurement in a process of its own: its figures, seconds, core seconds and peak memory."""
    done = subprocess.run(
        [sys.executable, __file__, "--child", *arguments], check=True, capture_output=True, text=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def run_child(kind: str, shape: str, first: str, second: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF)
    clock = time.perf_counter()
    if kind == "bare":
        found: dict[str, float] = {"rows": bare(shape, Path(first), Path(second))}
    else:
        found = ours(Home(Path(first)).prepare(), Path(second))
    found["seconds"] = time.perf_counter() - clock
    after = resource.getrusage(resource.RUSAGE_SELF)
    cores = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps({**found, "core_seconds": cores, "peak_mb": after.ru_maxrss / 1024}))


def measure(shape: str, rows: int) -> dict[str, object]:
    """Medians of three of each way, their ratios, and what one more day costs."""
    found: dict[str, list[dict[str, float]]] = {"bare": [], "ours": [], "day": [], "day_alone": []}
    with TemporaryDirectory(prefix="thermocline-bench-") as name:
        root = Path(name)
        file = write(shape, root / "exports", "2024-01-01", 0, rows)
        write(shape, root / "day", "2024-01-02", rows, rows + max(rows // DAY, 1))
        for run in range(RUNS):
            found["bare"].append(child(["bare", shape, str(file), str(root / "bare.duckdb")]))
            (root / "bare.duckdb").unlink()
            home, empty = root / f"home-{run}", root / f"empty-{run}"
            found["ours"].append(child(["ours", shape, str(home), str(root / "exports")]))
            found["day"].append(child(["ours", shape, str(home), str(root / "day")]))
            found["day_alone"].append(child(["ours", shape, str(empty), str(root / "day")]))
            for folder in (home, empty):
                shutil.rmtree(folder)
        size = file.stat().st_size
    medians = {
        way: {key: round(statistics.median(run[key] for run in runs), 3) for key in runs[0]}
        for way, runs in found.items()
    }
    for what in ("seconds", "core_seconds"):
        medians["ours"][f"{what}_ratio"] = round(medians["ours"][what] / medians["bare"][what], 2)
        medians["day"][f"{what}_ratio"] = round(medians["day"][what] / medians["day_alone"][what], 2)
    return {"lines": rows, "bytes": size, **medians}


def table(size: str, found: dict[str, dict]) -> str:
    lines = [
        f"{SIZES[size]:,} lines in one file, one in {UNREADABLE:,} unreadable; medians of {RUNS} runs; "
        f"{os.cpu_count()} cores, DuckDB {duckdb.__version__}",
        "",
        "| what | rows | seconds | of all cores | peak MB | times bare | times bare, of all cores |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for shape, of_shape in found.items():
        for way, what in (
            ("bare", "DuckDB alone"),
            ("ours", "landed and loaded"),
            ("day", f"one more day (1/{DAY}), held: all"),
            ("day_alone", "the same day, held: nothing"),
        ):
            figures = of_shape[way]
            ratios = [figures.get(f"{which}_ratio", "") for which in ("seconds", "core_seconds")]
            lines.append(
                f"| {shape}: {what} | {int(figures['rows']):,} | {figures['seconds']:.2f} | "
                f"{figures['core_seconds']:.2f} | {figures['peak_mb']:.0f} | {ratios[0]} | {ratios[1]} |"
            )
    return "\n".join([*lines, "", "The ratio of a day is to the same day where nothing is held.", ""])


def main(size: str) -> None:
    if size not in SIZES:
        raise InputError(f"there is no size '{size}': choose one of {', '.join(SIZES)}")
    found = {shape: measure(shape, SIZES[size]) for shape in SHAPES}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"loading-{size}.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (RESULTS / f"loading-{size}.md").write_text(table(size, found), encoding="utf-8")
    print(table(size, found))


if __name__ == "__main__":
    try:
        if sys.argv[1:2] == ["--child"]:
            run_child(*sys.argv[2:6])
        else:
            main(sys.argv[1] if len(sys.argv) > 1 else "full")
    except ThermoclineError as error:
        print(f"benchmark: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
