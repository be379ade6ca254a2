"""What a first load, a day, a correction and a run without news cost, beside each other and beside peers."""

import os
import re
import statistics
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import duckdb
from company import Company, Size
from peers import by_hand, with_pandas
from prepared import Prepared
from processes import Taken, memory, repeated, run, seconds
from table import Row
from thermocline.company.airflow_settings import environment
from thermocline.home import Home

HERE = Path(__file__).resolve().parent
CORRECTED = 1_000
GIGABYTES = 4.0
PUBLISHED = re.compile(r"^screen_accounts: .* as \d{4}-\d\d-\d\d-\d+(?: \(([\d.]+) s\))?$", re.MULTILINE)

Tell = Callable[[str], None]
ByPast = dict[int, list[Taken]]


def measure(size: Size, made: Prepared, tell: Tell) -> Iterator[Row]:
    """All rows that are about whole runs. Their files are removed.

    Where each is measured once, no start-up is set apart.
    """
    main, start_day = Company.dealt(size, "main", size.past), list[Taken]()
    smallest = made.set_up.copied("home") if size.runs > 1 else main
    if smallest is not main:
        tell("the start-up: the smallest company")
        start_day = repeated(size.runs, lambda: _day(smallest))
    tell("first load")
    first = repeated(size.runs, lambda: _first(main, made.set_up.home))
    lines = main.lines
    tell("the same by hand")
    hand = repeated(size.runs, lambda: by_hand(main))
    yield _beside_hand(size, lines, first, hand)
    if not size.other_pasts:
        yield _beside_pandas(lines, first, repeated(size.runs, lambda: with_pandas(main)))
    tell("the next days")
    by_past: ByPast = {lines: repeated(size.runs, lambda: _day(main))}
    yield _share("the next day's delivery", by_past[lines], start_day, seconds(first))
    tell("corrections")
    corrections = iter(_corrections(main, size.runs))
    corrected = repeated(size.runs, lambda: _correction(main, next(corrections)))
    yield _share(f"correction of {CORRECTED:,} old invoices", corrected, start_day, seconds(first))
    tell("nothing new")
    spared = repeated(size.runs, main.screened)
    yield _nothing_new(spared, repeated(size.runs, lambda: _empty(main)))
    main.remove()
    smallest.remove()
    if made.longest:
        yield from _shortest_past(size, made.set_up.home, by_past, tell)
        yield from _longest_past(size, made.longest, by_past, tell)


def _shortest_past(size: Size, set_up: Home, by_past: ByPast, tell: Tell) -> Iterator[Row]:
    """The same days after a past that pandas holds in memory."""
    company = Company.dealt(size, "past", min(size.other_pasts))
    tell("the whole and the same days after a short past")
    first = repeated(size.runs, partial(_first, company, set_up))
    lines = company.lines
    yield _beside_pandas(lines, first, repeated(size.runs, partial(with_pandas, company)))
    by_past[lines] = repeated(size.runs, partial(_day, company))
    company.remove()


def _longest_past(size: Size, longest: Company, by_past: ByPast, tell: Tell) -> Iterator[Row]:
    company = longest.copied("past")
    lines = company.lines
    tell("the same days after a long past")
    by_past[lines] = repeated(size.runs, partial(_day, company))
    company.remove()
    yield _flat(by_past)


def _first(company: Company, set_up: Home) -> Taken:
    company.fresh(set_up)
    return company.screened()


def _day(company: Company) -> Taken:
    company.next_day()
    return company.screened()


def try_out(size: Size, screened: Callable[[Company], Taken], tell: Tell) -> list[Row]:
    """That the company is made, screened, and screened alike by both peers; no figure to quote."""
    company = Company.dealt(size, "main", size.past)
    tell("first load")
    ours = [screened(company)]
    lines = company.lines
    tell("by hand and in pandas")
    rows = [_beside_pandas(lines, ours, [with_pandas(company)])]
    hand = [by_hand(company)]
    company.remove()
    return [*rows, _beside_hand(size, lines, ours, hand)]


def _beside_hand(size: Size, lines: int, first: list[Taken], hand: list[Taken]) -> Row:
    whole, theirs, most = seconds(first), seconds(hand), memory(first) / 2**30
    return Row(
        f"first load and screening of {lines:,} invoice lines, {size.accounts:,} accounts, through the DAGs",
        "one hand-written DuckDB script, same temperatures",
        f"at most 1.5 times; under {GIGABYTES:.0f} GB",
        f"{whole / theirs:.2f} times ({whole:.1f} s, {theirs:.1f} s); {most:.2f} GB",
        whole <= 1.5 * theirs and most < GIGABYTES,
        figures=_figures(first=first, by_hand=hand),
    )


def _share(what: str, taken: list[Taken], fixed: list[Taken], whole: float) -> Row:
    start = seconds(fixed) if fixed else 0.0
    apart = max(0.0, seconds(taken) - start)
    return Row(
        what,
        "that first load",
        "at most 5%, start-up apart",
        f"{apart / whole:.1%} ({apart:.1f} s, beside {start:.1f} s of start-up)",
        apart <= 0.05 * whole,
        figures=_figures(taken=taken, start_up=fixed),
    )


def _flat(by_past: ByPast) -> Row:
    """Each past's day without its publishing, the dearest beside the cheapest."""
    published = {lines: [_publishing(each) for each in taken] for lines, taken in by_past.items()}
    apart = {
        lines: seconds(
            [
                Taken(each.seconds - part, each.core_seconds, each.memory)
                for each, part in zip(taken, published[lines], strict=True)
            ]
        )
        for lines, taken in by_past.items()
    }
    ratio = max(apart.values()) / min(apart.values())
    told = ", ".join(
        f"{lines:,} lines {spent:.1f} s (+ {statistics.median(published[lines]):.1f} s publishing)"
        for lines, spent in sorted(apart.items())
    )
    return Row(
        "the same day's delivery after a short and a long past, publishing apart",
        "each other",
        "flat within 1.3 times",
        f"{ratio:.2f} times: {told}",
        ratio <= 1.3,
        figures={str(lines): _figures(day=taken) for lines, taken in by_past.items()},
    )


def _publishing(taken: Taken) -> float:
    found = PUBLISHED.search(taken.output)
    return float(found[1] or 0) if found else 0.0


def _nothing_new(spared: list[Taken], empty: list[Taken]) -> Row:
    more = seconds(spared) - seconds(empty)
    return Row(
        "a run with nothing new",
        "DAGs of the same tasks that do nothing",
        "at most 8 s more",
        f"{more:.1f} s more ({seconds(spared):.1f} s, {seconds(empty):.1f} s)",
        more <= 8,
        figures=_figures(nothing_new=spared, empty=empty),
    )


def _beside_pandas(lines: int, ours: list[Taken], theirs: list[Taken]) -> Row:
    share = memory(ours) / memory(theirs)
    return Row(
        f"the whole, {lines:,} lines",
        "a pandas script, same temperatures",
        "faster, in at most half the memory",
        f"{seconds(ours) / seconds(theirs):.2f} times its time ({seconds(ours):.1f} s, "
        f"{seconds(theirs):.1f} s), "
        f"{share:.2f} of its memory ({memory(ours) / 2**30:.2f} GB, {memory(theirs) / 2**30:.2f} GB)",
        seconds(ours) < seconds(theirs) and share <= 0.5,
        figures=_figures(ours=ours, pandas=theirs),
    )


def _empty(company: Company) -> Taken:
    log = company.root / "empty.log"
    # `dag.test` looks for its DAG in the folder of DAGs.
    within = {**environment(company.home), "AIRFLOW__CORE__DAGS_FOLDER": str(HERE / "empty")}
    return run([sys.executable, HERE / "empty" / "empty_dags.py"], log, **within)


def _correction(company: Company, made: Path) -> Taken:
    """A later delivery corrects old invoices."""
    made.rename(company.exports / "billing" / made.name)
    return company.screened()


def _corrections(company: Company, count: int) -> list[Path]:
    """So many deliveries of old invoices, each dearer by one, and so is its first line."""
    folders = [company.root / f"correction-{number}" for number in range(count)]
    delivered = company.exports / "billing" / "*"
    read = "read_csv({}, header = true, all_varchar = true, ignore_errors = true)"
    with duckdb.connect() as connection:
        connection.execute(
            f"""
            create table chosen as
            select *, (row_number() over (order by InvoiceDate, InvoiceNo) - 1) // {CORRECTED} as number
            from {read.format("$files")}
            where
                try_cast(Total as decimal(18, 2)) > 0 and Status = 'Paid'
                and Changed < InvoiceDate[1:7] || '-32'
            order by InvoiceDate, InvoiceNo limit {CORRECTED * count}
            """,
            {"files": str(delivered / "Invoices.csv")},
        )
        connection.execute(
            """
            create table invoices as select * replace (
                cast(cast(Total as decimal(18, 2)) + 1 as varchar) as Total,
                $day || 'T2' || number % 4 || ':00:00' as Changed
            ) from chosen
            """,
            {"day": company.as_of},
        )
        connection.execute(
            f"""
            create table lines as
            select distinct on (number, InvoiceNo, LineNo) * exclude (filename) replace (
                if(LineNo = '1', cast(cast(Amount as decimal(18, 2)) + 1 as varchar), Amount) as Amount
            )
            from (
                select lines.*, chosen.number
                from {read.format("$lines").removesuffix(")") + ", filename = true)"} as lines
                inner join (select distinct InvoiceNo, number from chosen) as chosen using (InvoiceNo)
                qualify filename = max(filename) over (partition by InvoiceNo)
            )
            """,
            {"lines": str(delivered / "InvoiceLines.csv")},
        )
        for number, root in enumerate(folders):
            folder = root / company.as_of
            folder.mkdir(parents=True)
            for table, name in (("invoices", "Invoices"), ("lines", "InvoiceLines")):
                of_one = connection.sql(f"select * exclude (number) from {table} where number = {number}")
                of_one.write_csv(str(folder / f"{name}.csv"))
            _age(folder)
    return folders


def _age(folder: Path) -> None:
    """Files that have just been written still grow, as far as landing knows."""
    for path in folder.iterdir():
        os.utime(path, (path.stat().st_mtime - 60,) * 2)


def _figures(**taken: list[Taken]) -> dict[str, object]:
    return {
        name: [
            {
                "seconds": round(each.seconds, 2),
                "core_seconds": round(each.core_seconds, 2),
                "memory_mb": round(each.memory / 2**20),
            }
            for each in all_runs
        ]
        for name, all_runs in taken.items()
    }
