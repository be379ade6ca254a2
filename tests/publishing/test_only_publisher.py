"""No path leads to reporting around the gate: only `publisher` changes targets."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
import thermocline
from thermocline.home import PROJECT

PACKAGE = Path(thermocline.__file__).parent
CHANGES = {"write_publication", "switch_to", "keep_only", "anchor_head"}
MAY_CHANGE = {"publishing/publisher.py"}
MAY_IMPORT_TARGETS = {
    "audit/ledger_witnesses.py",
    "audit/verification.py",
    "publishing/publication.py",
    "publishing/publisher.py",
}
MAY_NAME_FOLDER = {"home.py"}


def breaches(source: str, name: str) -> Iterator[str]:
    """What this module does that only publishing may do."""
    if name.startswith("publishing/targets/"):
        return
    for node in ast.walk(ast.parse(source)):
        line = f"{name}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Attribute) and node.attr in CHANGES and name not in MAY_CHANGE:
            yield f"{line} changes a target ({node.attr})"
        if name not in MAY_IMPORT_TARGETS:
            imported = (
                [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else []
            )
            if any(
                module.startswith(("thermocline.publishing.targets", "thermocline.publishing.publisher"))
                for module in imported
            ):
                yield f"{line} imports a target"
        if name in MAY_NAME_FOLDER:
            continue
        if isinstance(node, ast.Attribute) and node.attr == "reporting":
            yield f"{line} names the folder of reporting; read it through publication.database"
        if (
            isinstance(node, ast.BinOp)
            and isinstance(node.op, ast.Div)
            and isinstance(node.right, ast.Constant)
            and str(node.right.value).startswith("reporting")
        ):
            yield f"{line} names the folder of reporting; read it through publication.database"


def modules() -> list[Path]:
    return [*sorted(PACKAGE.rglob("*.py")), *sorted((PROJECT / "dags").glob("*.py"))]


def test_no_other_module_changes_a_target() -> None:
    found = [
        breach
        for path in modules()
        for breach in breaches(
            path.read_text(encoding="utf-8"),
            str(path.relative_to(PACKAGE)) if PACKAGE in path.parents else f"dags/{path.name}",
        )
    ]
    assert found == []


def test_publishing_is_among_the_modules_looked_at() -> None:
    publisher = (PACKAGE / "publishing" / "publisher.py").read_text(encoding="utf-8")
    called = {node.attr for node in ast.walk(ast.parse(publisher)) if isinstance(node, ast.Attribute)}
    assert called >= CHANGES
    assert len(list(breaches(publisher, "other.py"))) >= len(CHANGES)


@pytest.mark.parametrize(
    "source",
    [
        "target.switch_to('2011-12-09-0001')",
        "from thermocline.publishing.targets.duckdb_file import DuckDBFile",
        "import thermocline.publishing.targets",
        "path = home.reporting / 'x.duckdb'",
        "path = home.root / 'reporting' / 'x.duckdb'",
    ],
)
def test_a_way_around_is_noticed(source: str) -> None:
    assert list(breaches(source, "gate.py"))
