"""The pages against the code: whatever they name is there, and what an operator needs is named."""

import argparse
import ast
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

from thermocline import errors
from thermocline.building import admission, half_lives
from thermocline.candidates import contract
from thermocline.command.cli import _parser
from thermocline.company import settings as company
from thermocline.company import tables
from thermocline.home import PROJECT
from thermocline.mapping.files import parse_mapping
from thermocline.mapping.recognition import recognise

PAGES = sorted([*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")])
DECISIONS = sorted((PROJECT / "docs" / "decisions").glob("*.md"))
FOLDERS = {".ci", "benchmarks", "dags", "dbt_project", "docs", "expectations", "plugins", "tests"}
STATUS = r"Status: (?:accepted, \d{4}-\d\d-\d\d|superseded by \[\d{4}\]\(.+\))"
LAYERS = r"(?:stg|int|dim|fct)_\w+"


@cache
def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def prose(page: Path) -> str:
    """The page without its code blocks."""
    return re.sub(r"```.*?```", "", text(page), flags=re.DOTALL)


def spans(page: Path) -> list[str]:
    """The inline code of a page."""
    return re.findall(r"`([^`\n]+)`", prose(page))


def commands(page: Path) -> list[str]:
    """Inline code, and the lines of shell blocks."""
    blocks = re.findall(r"```sh\n(.*?)```", text(page), flags=re.DOTALL)
    return [*spans(page), *(line for block in blocks for line in block.splitlines())]


def anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", prose(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def links(page: Path) -> Iterator[tuple[Path, str]]:
    """The relative links of a page: target and anchor."""
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if "://" not in link:
            path, _, anchor = link.partition("#")
            yield (page.parent / path if path else page), anchor


def models() -> set[str]:
    return {path.stem for path in (PROJECT / "dbt_project" / "models").rglob("*.sql")}


def published() -> set[str]:
    reporting = (PROJECT / "dbt_project" / "models" / "reporting").glob("*.sql")
    return {*(path.stem for path in reporting), contract.PUBLICATION, contract.GATE_CHECKS}


def subparsers(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    found = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return found[0].choices if found else {}


def test_all_pages_are_looked_at() -> None:
    names = {str(page.relative_to(PROJECT)) for page in PAGES}
    assert names >= {
        "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/architecture.md", "docs/naming.md",
        "docs/runbook.md", "docs/sources.md",
    }  # fmt: skip
    assert len(DECISIONS) >= 10


def faults(pages: list[Path], check: Callable[[Path], Iterable[object]]) -> str:
    """Return one line per fault that a check finds on pages; empty where all are right."""
    return "\n".join(f"{page.relative_to(PROJECT)}: {fault}" for page in pages for fault in check(page))


def test_no_page_holds_both_sides_of_a_merge() -> None:
    def check(page: Path) -> Iterator[str]:
        for mark in re.finditer(r"^(?:<{7}|={7}|>{7})(?: |$)", text(page), flags=re.MULTILINE):
            yield mark[0]

    assert not faults(PAGES, check)


def test_every_relative_link_leads_somewhere() -> None:
    def check(page: Path) -> Iterator[str]:
        for target, anchor in links(page):
            if not target.exists():
                yield f"{target} does not exist"
            elif anchor and anchor not in anchors(target):
                yield f"{target} has no heading #{anchor}"

    assert not faults(PAGES, check)


def test_every_path_of_the_repository_exists() -> None:
    def check(page: Path) -> Iterator[str]:
        for span in spans(page):
            is_path = re.fullmatch(r"[\w.*/-]+", span) and span.split("/")[0] in FOLDERS and span != "docs"
            is_file = span in ("constraints.txt", "pyproject.toml", "Makefile", "LICENSE")
            if (is_path or is_file) and not list(PROJECT.glob(span.rstrip("/"))):
                yield f"{span} does not exist"

    assert not faults(PAGES, check)


def test_every_make_target_exists() -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, flags=re.MULTILINE))
    assert targets >= {"run", "test", "up", "lint"}

    def check(page: Path) -> Iterator[str]:
        for command in commands(page):
            called = re.match(r"(?:[A-Z_]+=\S+ )*make ([a-z][a-z-]*)((?: [A-Z_]+=\S+)*)", command)
            if called and called[1] not in targets:
                yield f"{command}: no such target"
            for variable in re.findall(r"([A-Z_]+)=", called[2]) if called else []:
                if not re.search(rf"\$\({variable}\)|\$\${{?{variable}\b", makefile):
                    yield f"{command}: the Makefile doesn't read {variable}"

    assert not faults(PAGES, check)


def test_every_command_and_option_exists() -> None:
    def check(page: Path) -> Iterator[str]:
        for command in commands(page):
            called = re.match(r"(?:\.venv/bin/)?thermocline (\S.*)", command)
            parser = _parser()
            for word in called[1].split("#")[0].split() if called else []:
                below = subparsers(parser)
                if word.startswith("--"):
                    if word not in parser._option_string_actions:
                        yield f"{command}: no option {word}"
                elif below and word not in below:
                    yield f"{command}: no command {word}"
                elif below:
                    parser = below[word]

    assert not faults(PAGES, check)


def test_every_model_and_published_table_exists() -> None:
    known, tables_published = models(), published() | {"duckdb"}

    def check(page: Path) -> Iterator[str]:
        yield from (span for span in spans(page) if re.fullmatch(LAYERS, span) and span not in known)
        named = re.findall(r"\breporting\.([a-z_]+)", text(page))
        yield from (f"reporting.{table}" for table in named if table not in tables_published)

    assert not faults(PAGES, check)


def test_no_page_names_a_machine_or_an_index() -> None:
    machine = r"(?<![\w<.])/(?:home|root|work|tmp|Users)/|pypi\.|index-url"
    assert not faults(PAGES, lambda page: re.findall(machine, text(page)))


def test_the_architecture_names_every_model_and_every_published_table() -> None:
    page = PROJECT / "docs" / "architecture.md"
    named = set(spans(page))
    assert {name for name in models() if re.fullmatch(LAYERS, name)} <= named
    assert {f"reporting.{name}" for name in published()} <= named


def test_the_runbook_names_every_exit_code_rule_bound_and_setting() -> None:
    page = PROJECT / "docs" / "runbook.md"
    named = set(spans(page))
    suites = [json.loads(file.read_text()) for file in (PROJECT / "expectations").glob("*.json")]
    rules = {item["meta"]["rule"] for suite in suites for item in suite["expectations"]}
    assert rules and rules <= named
    settings = {*company.Company.__dataclass_fields__, *company.GATE_BOUNDS, *company.RETENTION_DAYS}
    assert settings <= named
    for table in tables.TABLES:
        assert f"### `config/{table.name}.csv`" in text(page)
        assert set(table.columns) <= named, table.name
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    for kind in kinds:
        assert f"\n| {kind.exit_code} | " in text(page), kind


def refusals(module: ModuleType) -> set[str]:
    """The longest fixed words of each InputError that a module raises."""
    found = set()
    for node in ast.walk(ast.parse(text(Path(str(module.__file__))))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "InputError":
            words = [part.value for part in ast.walk(node.args[0]) if isinstance(part, ast.Constant)]
            found.add(max((word for word in words if isinstance(word, str)), key=len).strip())
    return found


def test_the_runbook_names_what_admission_refuses() -> None:
    page = text(PROJECT / "docs" / "runbook.md")
    said = refusals(admission) | refusals(half_lives)
    assert len(said) > 5
    assert {words for words in said if words not in page} == set()


def test_the_runbook_gives_the_defaults_of_company_yml() -> None:
    page = text(PROJECT / "docs" / "runbook.md")
    settled = company.Company(reporting_currency="EUR")
    for key in ("screening_hour", "hold_days"):
        assert f"| `{key}` | {getattr(settled, key)} |" in page
    for rule, bound in company.GATE_BOUNDS.items():
        assert f"`{rule}` ({bound:.2f})" in " ".join(page.split()), rule
    for what, days in company.RETENTION_DAYS.items():
        assert f"| `{what}` | {'for ever' if days is None else days} |" in page, what


def test_the_mapping_of_the_sources_page_is_one(tmp_path: Path) -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", text(PROJECT / "docs" / "sources.md"), flags=re.DOTALL)
    file = tmp_path / "tillbook.yml"
    file.write_text(next(block for block in blocks if "feeds:" in block), encoding="utf-8")
    mapping = parse_mapping(file)
    export = tmp_path / "Rechnungen.csv"
    export.write_text("number;customer no;date;gross;state;clerk\n", encoding="utf-8")
    recognition = recognise(export, {mapping.name: mapping})
    assert recognition.feed is mapping.feed("invoices")
    assert mapping.delivery("2026-06-30/Rechnungen.csv").key == "2026-06-30"


def test_every_decision_has_its_number_status_and_what_was_rejected() -> None:
    numbers = Counter(record.name[:4] for record in DECISIONS)
    linked = {target.resolve() for target, _ in links(PROJECT / "docs" / "architecture.md")}

    def check(record: Path) -> Iterator[str]:
        if numbers[record.name[:4]] > 1:
            yield "another decision has this number"
        if not text(record).startswith(f"# {int(record.name[:4])}. "):
            yield "the title doesn't begin with the number"
        if not re.match(rf"# .+\n\n{STATUS}\n\n", text(record)):
            yield "has no line of status below its title"
        rejected = text(record).partition("## Rejected\n")[2].split("\n## ")[0]
        if not re.search(r"^\*\*.+", rejected, flags=re.MULTILINE):
            yield "names no rejected alternative"
        if record not in linked:
            yield "docs/architecture.md doesn't link it"

    assert not faults(DECISIONS, check)


def test_the_readme_is_short() -> None:
    assert len(text(PROJECT / "README.md").splitlines()) <= 120
