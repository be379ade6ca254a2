"""Libraries are used as they are: nothing of theirs is replaced, no private name of theirs is used.

Read from the syntax tree of every module, so that a name which is only used in one function counts too.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from thermocline.home import PROJECT

ALLOWED = {
    ("orchestration/lifeline.py", "sys.argv"): "the program that runpy runs reads its arguments there",
}
"""At most five uses that can't be avoided, by module and name, each with its reason."""

OURS = ("thermocline",)


def is_private(name: str) -> bool:
    return name.startswith("_") and not (name.startswith("__") and name.endswith("__"))


def root_of(node: ast.expr) -> ast.expr:
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Starred):
        node = node.value
    return node


class Uses(ast.NodeVisitor):
    """Collects what a module replaces in libraries, and which of their private names it uses.

    libraries: the names bound to a library's module, class or function, also by way of another name.
    """

    def __init__(self, own_private: frozenset[str]) -> None:
        self.own_private = own_private
        self.libraries: set[str] = set()
        self.found: list[str] = []

    def visit_Import(self, node: ast.Import) -> None:
        for name in node.names:
            self._imported(name.name, name.asname or name.name.split(".")[0])

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.level:
            return
        for name in node.names:
            self._imported(f"{node.module}.{name.name}", name.asname or name.name)

    def _imported(self, path: str, bound: str) -> None:
        if path.split(".")[0] in (*OURS, "__future__"):
            return
        self.libraries.add(bound)
        if any(map(is_private, path.split("."))):
            self.found.append(path)

    def visit_Assign(self, node: ast.Assign) -> None:
        self._bound(node.targets, node.value)
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self._bound([node.target], node.value)
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._bound([node.target], None)
        self.generic_visit(node)

    def visit_Delete(self, node: ast.Delete) -> None:
        self._bound(node.targets, None)

    def _bound(self, targets: list[ast.expr], value: ast.expr | None) -> None:
        for target in targets:
            if isinstance(target, ast.Tuple | ast.List):
                self._bound(target.elts, None)
            elif isinstance(target, ast.Name):
                # Another name for a module or class is one as well; what a call gives is an instance.
                if isinstance(value, ast.Name | ast.Attribute) and self._is_library(value):
                    self.libraries.add(target.id)
            elif self._is_library(target) and not ast.unparse(target).startswith("os.environ["):
                self.found.append(ast.unparse(target))

    def _is_library(self, node: ast.expr) -> bool:
        root = root_of(node)
        return isinstance(root, ast.Name) and root.id in self.libraries

    def visit_Call(self, node: ast.Call) -> None:
        called = ast.unparse(node.func)
        if called in ("setattr", "delattr") and self._is_library(node.args[0]):
            self.found.append(ast.unparse(node))
        if called.startswith(("sys.modules.", "sys.meta_path.")) and not called.endswith(".get"):
            self.found.append(called)
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if is_private(node.attr) and node.attr not in self.own_private:
            self.found.append(ast.unparse(node))
        self.generic_visit(node)


def own_private_names(trees: Iterator[ast.Module] | list[ast.Module]) -> frozenset[str]:
    """Return every private name that a module of ours defines: functions, methods, variables, attributes."""
    names: set[str] = set()
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                names.add(node.name)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names.add(node.id)
            elif (
                isinstance(node, ast.Attribute)
                and isinstance(node.ctx, ast.Store)
                and ast.unparse(node.value) in ("self", "cls")
            ):
                names.add(node.attr)
    return frozenset(filter(is_private, names))


def uses(source: str) -> list[str]:
    tree = ast.parse(source)
    visitor = Uses(own_private_names([tree]))
    visitor.visit(tree)
    return visitor.found


def modules() -> dict[str, ast.Module]:
    package = PROJECT / "plugins" / "thermocline"
    files: dict[str, Path] = {
        file.relative_to(package).as_posix(): file for file in sorted(package.rglob("*.py"))
    }
    files |= {f"dags/{file.name}": file for file in sorted((PROJECT / "dags").glob("*.py"))}
    return {name: ast.parse(file.read_text(encoding="utf-8")) for name, file in files.items()}


def test_nothing_of_a_library_is_replaced_and_no_private_name_is_used() -> None:
    trees = modules()
    assert len(trees) > 50
    own = own_private_names(list(trees.values()))
    found: set[tuple[str, str]] = set()
    for name, tree in trees.items():
        visitor = Uses(own)
        visitor.visit(tree)
        found |= {(name, use) for use in visitor.found}
    assert sorted(found - set(ALLOWED)) == []
    assert set(ALLOWED) <= found, "an allowed use that is gone comes off the list"


def test_few_uses_are_allowed_each_with_its_reason() -> None:
    assert len(ALLOWED) <= 5
    assert all(len(reason.split()) >= 4 for reason in ALLOWED.values())


@pytest.mark.parametrize(
    "source",
    [
        "import numpy\nnumpy.random.seed = None",
        "from dbt.cli import main\nmain.dbtRunner = None",
        "from dbt.cli.main import dbtRunner\ndbtRunner.invoke = lambda self: None",
        "from dbt.cli.main import dbtRunner\nrunner = dbtRunner\nrunner.invoke = None",
        "def f():\n    import yaml as y\n    y.load = None",
        "from airflow import routes\nroutes.all[:] = []",
        "from airflow import routes\nsetattr(routes, 'all', [])",
        "from airflow import routes\ndel routes.all",
        "from airflow.api import _private",
        "from airflow._shared import thing",
        "import gx\nmade = gx.get_context()\nmade._save = lambda: None",
        "import gx\ngx.get_context()._save()",
        "import sys\nsys.modules.update({'boto3': None})",
        "import sys\nsys.modules['boto3'] = None",
        "import sys\nsys.meta_path.insert(0, None)",
    ],
)
def test_a_replacement_or_private_name_is_found(source: str) -> None:
    assert uses(source)


@pytest.mark.parametrize(
    "source",
    [
        "import os\nos.environ['DO_NOT_TRACK'] = '1'",
        "import gx\nmade = gx.get_context()\nmade.progress_bars = False",
        "class Own:\n    def __init__(self):\n        self._kept = 1\n        self._kept += 1",
        "from dbt import __version__",
        "from thermocline import home\nfrom thermocline.home import _own",
        "import sys\nfound = sys.modules.get('airflow')",
    ],
)
def test_using_a_library_as_it_is_is_left_alone(source: str) -> None:
    assert uses(source) == []
