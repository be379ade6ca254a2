"""The pages against the code: whatever they name is there, and what an operator needs is named."""

import argparse
import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
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
LAYERS = r"(?:stg|int|dim|fct)_\w+"

by_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))


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


@by_page
def test_no_page_holds_both_sides_of_a_merge(page: Path) -> None:
    assert not re.search(r"^(<{7}|={7}|>{7})( |$)", text(page), flags=re.MULTILINE)


@by_page
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for target, anchor in links(page):
        assert target.exists(), target
        assert not anchor or anchor in anchors(target), (target, anchor)


@by_page
def test_every_path_of_the_repository_exists(page: Path) -> None:
    for span in spans(page):
        is_path = re.fullmatch(r"[\w.*/-]+", span) and span.split("/")[0] in FOLDERS and span != "docs"
        if is_path or span in ("constraints.txt", "pyproject.toml", "Makefile", "LICENSE"):
            assert list(PROJECT.glob(span.rstrip("/"))), span


@by_page
def test_every_make_target_exists(page: Path) -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, flags=re.MULTILINE))
    assert targets >= {"run", "test", "up", "lint"}
    for command in commands(page):
        if called := re.match(r"(?:[A-Z_]+=\S+ )*make ([a-z][a-z-]*)((?: [A-Z_]+=\S+)*)", command):
            assert called[1] in targets, command
            for variable in re.findall(r"([A-Z_]+)=", called[2]):
                assert re.search(rf"\$\({variable}\)|\$\${{?{variable}\b", makefile), command


@by_page
def test_every_command_and_option_exists(page: Path) -> None:
    for command in commands(page):
        if not (called := re.match(r"(?:\.venv/bin/)?thermocline (\S.*)", command)):
            continue
        parser = _parser()
        for word in called[1].split("#")[0].split():
            if word.startswith("--"):
                assert word in parser._option_string_actions, command
            elif below := subparsers(parser):
                assert word in below, command
                parser = below[word]


@by_page
def test_every_model_and_published_table_exists(page: Path) -> None:
    for span in spans(page):
        if re.fullmatch(LAYERS, span):
            assert span in models(), span
    for table in re.findall(r"\breporting\.([a-z_]+)", text(page)):
        assert table in published() | {"duckdb"}, table


@by_page
def test_no_page_names_a_machine_or_an_index(page: Path) -> None:
    assert not re.search(r"(?<![\w<.])/(?:home|root|work|tmp|Users)/|pypi\.|index-url", text(page))


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


@pytest.mark.parametrize("record", DECISIONS, ids=lambda record: record.stem)
def test_every_decision_has_its_number_and_what_was_rejected(record: Path) -> None:
    number = int(record.name[:4])
    assert [other for other in DECISIONS if int(other.name[:4]) == number] == [record]
    assert text(record).startswith(f"# {number}. ")
    rejected = text(record).split("## Rejected\n")[1].split("\n## ")[0]
    assert re.search(r"^\*\*.+", rejected, flags=re.MULTILINE)
    assert record in [target.resolve() for target, _ in links(PROJECT / "docs" / "architecture.md")]


def test_the_readme_is_short() -> None:
    assert len(text(PROJECT / "README.md").splitlines()) <= 120
