"""The benchmark at its tiniest: the company is screened, and both peers give it the same temperatures."""

import json
import shutil
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest
from screened import Screened
from thermocline.errors import InputError, ThermoclineError
from thermocline.home import PROJECT

sys.path.insert(0, str(PROJECT / "benchmarks"))
import bench
import peers
import screening
import table
from company import Company, Size
from processes import Taken, run
from sizes import SIZES


def test_the_tiniest_size_measures_both_peers_and_writes_one_table(example: Screened, tmp_path: Path) -> None:
    def screened_before(company: Company) -> Taken:
        """The example's exports and home in the place of the company's own."""
        shutil.rmtree(company.exports)
        company.exports.symlink_to(example.exports)
        example.copy(company.home.root)
        return Taken(1.5, 2.5, 300 << 20)

    text = bench.main("tiny", tmp_path, screened_before)
    assert (tmp_path / "bench-tiny.md").read_text() == text
    told = json.loads((tmp_path / "bench-tiny.json").read_text())
    assert [row["against"] for row in told["rows"]] == [
        "a pandas script, same temperatures",
        "one hand-written DuckDB script, same temperatures",
    ]
    assert all(row["found"] in text and row["met"] is None for row in told["rows"])
    assert told["machine"]["versions"]["duckdb"] in text
    figures = [run for row in told["rows"] for runs in row["figures"].values() for run in runs]
    assert len(figures) == 4
    assert all(figure["seconds"] > 0 and figure["memory_mb"] > 20 for figure in figures)
    assert list((PROJECT / "var" / "bench" / "tiny").glob("main")) == []


def test_a_peer_that_gives_other_temperatures_is_no_peer() -> None:
    class Company:
        def temperatures(self) -> dict[str, str]:
            return {"a": "hot", "b": "cold"}

    peers.same(Company(), {"a": "hot", "b": "cold"}, "peer")
    for theirs in ({"a": "hot", "b": "hot"}, {"a": "hot"}, {"a": "hot", "b": "cold", "c": "cold"}):
        with pytest.raises(ThermoclineError, match="gives 1 accounts another temperature"):
            peers.same(Company(), theirs, "peer")


def test_memory_is_that_of_the_whole_tree(tmp_path: Path) -> None:
    child = "held = bytearray(80_000_000); import time; time.sleep(0.4)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    alone = run([sys.executable, "-c", "pass"], tmp_path / "log")
    family = run([sys.executable, "-c", parent], tmp_path / "log")
    assert family.memory - alone.memory > 80_000_000


def test_core_seconds_are_those_of_one_program_beside_another(tmp_path: Path) -> None:
    work = "import time\nwhile time.process_time() < 0.8: pass"
    with ThreadPoolExecutor(2) as pool:
        busy = pool.submit(run, [sys.executable, "-c", work], tmp_path / "busy")
        idle = pool.submit(run, [sys.executable, "-c", "import time; time.sleep(2)"], tmp_path / "idle")
        assert busy.result().core_seconds >= 0.8 > 0.5 > idle.result().core_seconds


def test_parts_are_measured_beside_each_other_and_told_in_their_order() -> None:
    both = threading.Barrier(2, timeout=10)

    def part(*names: str) -> Iterator[table.Row]:
        both.wait()
        for name in names:
            yield table.Row(name, "", "")

    assert [row.what for row in bench.at_once([part("a", "b"), part("c")])] == ["a", "b", "c"]


def test_a_part_that_fails_fails_the_whole() -> None:
    def broken() -> Iterator[table.Row]:
        yield table.Row("a", "", "")
        raise ThermoclineError("a peer differs")

    with pytest.raises(ThermoclineError, match="a peer differs"):
        list(bench.at_once([broken(), iter([table.Row("b", "", "")])]))


def test_a_program_that_fails_is_named_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(ThermoclineError, match=r"ended with 3: no such row: see .*log"):
        run([sys.executable, "-c", "print('no such row'); raise SystemExit(3)"], tmp_path / "log")


def test_what_was_not_measured_or_not_met_is_said(tmp_path: Path) -> None:
    rows = [
        table.Row("a", "b", "c", "2 times", True),
        table.Row("d", "e", "f", "9 times", False, "why"),
        table.Row("g", "h", "i"),
    ]
    text = table.write("small", 1, 0.5, rows, tmp_path)
    assert "| a | b | c | 2 times | met |" in text
    assert "| d | e | f | 9 times | **not met** |" in text
    assert "| g | h | i | not measured |  |" in text
    assert "- d: why" in text and "one run each, two beside each other, so no figure to quote" in text


def test_an_unknown_size_is_refused() -> None:
    with pytest.raises(InputError, match="there is no size 'huge': choose one of full, small, tiny"):
        bench.main("huge")


def test_every_past_that_is_compared_lies_in_the_example() -> None:
    size: Size
    for size in SIZES.values():
        assert all(past <= size.days for past in (size.past, *size.other_pasts))
    assert SIZES["full"].runs >= 3


def test_what_publishing_took_is_read_from_what_the_run_said() -> None:
    said = (
        "screen_accounts: built candidate a3a5a8f56c97 as of 2026-06-30 (133.7 s)\n"
        "screen_accounts: published as 2026-06-30-0001 (2.4 s)\n"
        "screen_accounts: rendered the documentation (3.5 s)\n"
    )
    assert screening._publishing(Taken(0, 0, 0, said)) == 2.4
    assert screening._publishing(Taken(0, 0, 0, said.replace(" (2.4 s)", ""))) == 0


@pytest.fixture
def dealt(monkeypatch: pytest.MonkeyPatch) -> Iterator[Company]:
    """A company whose deliveries lie ready and that is never screened."""
    company = Company.dealt(SIZES["tiny"], "dealt", 30)
    monkeypatch.setattr(company, "screened", lambda: Taken(1, 1, 1))
    yield company
    company.remove()


def test_a_shorter_past_keeps_the_master_data_and_the_last_days_come_one_by_one(dealt: Company) -> None:
    folders = sorted(path.name for path in (dealt.exports / "billing").iterdir())
    earlier = {path.name for path in (dealt.exports / "billing" / folders[0]).iterdir()}
    assert earlier == {"Customers.csv", "ExchangeRates.csv"}
    assert "InvoiceLines.csv" in {path.name for path in (dealt.exports / "billing" / folders[-1]).iterdir()}
    days = []
    for _ in range(3):
        before = dealt.as_of
        dealt.next_day()
        assert dealt.as_of > before
        days.append(dealt.as_of)
    assert days[-1] == max(path.name for path in (SIZES["tiny"].example() / "billing").iterdir())
    with pytest.raises(ThermoclineError, match="no further day"):
        dealt.next_day()


def test_what_comes_to_a_copy_comes_under_the_same_path_and_goes_with_it(dealt: Company) -> None:
    def delivered() -> list[Path]:
        return sorted(path for path in dealt.exports.rglob("*") if path.is_file())

    dealt.home.prepare()
    before = delivered()
    abandoned = dealt.copied("abandoned")
    abandoned.next_day()
    assert len(delivered()) > len(before)
    copy = dealt.copied("copy")
    assert delivered() == before
    copy.next_day()
    assert {path.parent.name for path in delivered()} - {path.parent.name for path in before} == {copy.as_of}
    copy.remove()
    abandoned.remove()
    assert delivered() == before
    assert dealt.home.root.exists() and not copy.root.exists()


def test_corrections_are_later_versions_of_old_invoices_each_dearer_by_one(dealt: Company) -> None:
    screening._correction(dealt, *screening._corrections(dealt, 1))
    [folder] = (dealt.exports / "billing" / "correction-0").iterdir()
    assert folder.name == dealt.as_of
    with duckdb.connect() as connection:
        corrected, dearer, later = connection.execute(
            """
            select
                count(*),
                count(*) filter (cast(new.Total as decimal(18, 2)) = cast(old.Total as decimal(18, 2)) + 1),
                count(*) filter (new.Changed > old.Changed)
            from read_csv($new, all_varchar = true) as new
            inner join (
                select * from read_csv($old, all_varchar = true, ignore_errors = true)
                qualify row_number() over (partition by InvoiceNo order by Changed desc) = 1
            ) as old using (InvoiceNo)
            """,
            {
                "new": str(folder / "Invoices.csv"),
                "old": str(dealt.exports / "billing" / "????-??-??" / "Invoices.csv"),
            },
        ).fetchone() or (0, 0, 0)
        unlike = connection.execute(
            """
            select InvoiceNo from read_csv($invoices, all_varchar = true) as invoices
            inner join (
                select InvoiceNo, sum(cast(Amount as decimal(18, 2))) as amount
                from read_csv($lines, all_varchar = true) group by 1
            ) as lines using (InvoiceNo)
            where cast(Total as decimal(18, 2)) <> amount
            """,
            {"invoices": str(folder / "Invoices.csv"), "lines": str(folder / "InvoiceLines.csv")},
        ).fetchall()
    assert corrected == dearer == later > 0
    truth = json.loads((SIZES["tiny"].example() / "truth.json").read_text(encoding="utf-8"))
    differing = {entry["key"] for entry in truth["entries"] if entry["kind"] == "total_differs"}
    assert {invoice for (invoice,) in unlike} <= differing


def test_each_correction_concerns_invoices_of_its_own(
    dealt: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screening, "CORRECTED", 10)
    corrected = list[set[str]]()
    with duckdb.connect() as connection:
        for folder in screening._corrections(dealt, 2):
            invoices, lines = (
                {
                    number
                    for (number,) in connection.execute(
                        "select InvoiceNo from read_csv($file, all_varchar = true)",
                        {"file": str(folder / dealt.as_of / f"{name}.csv")},
                    ).fetchall()
                }
                for name in ("Invoices", "InvoiceLines")
            )
            assert invoices == lines
            corrected.append(invoices)
    assert [len(each) for each in corrected] == [10, 10]
    assert not corrected[0] & corrected[1]
