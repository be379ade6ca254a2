"""What dbt's nodes see is made when they ask, and is what dbt would have made."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from screened import Screened
from thermocline import company, dbt_contexts, transformation


@pytest.fixture
def context(example: Screened, tmp_path: Path) -> Any:
    """Of the model int_bodies, as it would be run."""
    home = example.begin(tmp_path / "home")
    settled = company.read(example.home)
    assert settled
    outcome = transformation._outcome(home, ["parse"], settled, is_checked=True)
    from dbt.adapters.factory import FACTORY
    from dbt.context.providers import generate_runtime_model_context

    node = outcome.result.nodes["model.thermocline.int_bodies"]
    return generate_runtime_model_context(node, FACTORY.adapters["duckdb"].config, outcome.result)


def made(context: dict[str, Any]) -> set[str]:
    return {*dict.keys(context)}


def test_a_context_holds_what_was_asked_for(context: Any) -> None:
    assert made(context) == {"context"} and context["context"] is context
    assert str(context["this"]).endswith('"screening"."int_bodies"')
    assert context["var"]("reporting_currency") == "EUR"
    assert made(context) == {"context", "this", "var"}
    with pytest.raises(KeyError):
        context["no_such_macro"]
    assert (context.get("no_such_macro"), context.get("no_such_macro", 1)) == (None, 1)


def test_a_context_has_every_macro_and_value_and_the_projects_own_win(context: Any) -> None:
    from dbt.context.providers import ModelContext

    assert {*ModelContext._context_members_, "context", "builtins", "dbt", "is_incremental"} <= {*context}
    assert (len(context) > 600, len([*context]) == len(context)) == (True, True)
    assert context["is_incremental"].macro.package_name == "dbt"
    assert context["dbt"]["is_incremental"].context is context
    assert context["builtins"]["ref"].model.name == "int_bodies"
    assert {**context}.keys() == {*context} and {**context}["exceptions"]["warn"]


def test_a_variable_is_rendered_without_a_copy_of_the_context() -> None:
    transformation.library()
    from dbt.context.base import Var

    class Uncopied(dict[str, Any]):
        def keys(self) -> Any:
            raise AssertionError("copied")

    variable = Var(Uncopied(day="1 May"), {"as_of": "on {{ day }}", "plain": "as it is", "days": 7})
    assert variable("plain") == "as it is" and variable("days") == 7
    assert variable("as_of") == "on 1 May"


def test_what_is_known_is_made_once() -> None:
    asked: list[str] = []
    held = dbt_contexts.Asked({"a": None, "b": None}, lambda name: asked.append(name) or name.upper())
    assert ("a" in held, "c" in held, asked) == (True, False, [])
    assert (held["a"], held["a"], held.get("c"), asked) == ("A", "A", None, ["a"])
    held["c"] = 1
    assert ([*held], {**held}, held.copy()) == (["a", "b", "c"], dict(held.items()), dict(held))
    assert ([*held.values()], asked) == (["A", "B", 1], ["a", "b"])


def test_attributes_of_ordinary_objects_are_judged_by_name_and_inner_ones_as_jinja_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    transformation.library()
    from dbt_common.clients.jinja import MacroFuzzEnvironment
    from jinja2 import sandbox

    environment = MacroFuzzEnvironment()
    generator = (letter for letter in "a")
    told = [
        environment.is_safe_attribute(obj, attr, None)
        for obj in ("text", {}, SimpleNamespace(), len, environment.handle_exception, str, generator)
        for attr in ("upper", "_own", "__class__", "__globals__", "mro", "gi_frame", "__func__")
    ]
    plain = sandbox.SandboxedEnvironment()
    assert told == [
        plain.is_safe_attribute(obj, attr, None)
        for obj in ("text", {}, SimpleNamespace(), len, environment.handle_exception, str, generator)
        for attr in ("upper", "_own", "__class__", "__globals__", "mro", "gi_frame", "__func__")
    ]
    monkeypatch.setattr(sandbox, "is_internal_attribute", None)
    assert environment.is_safe_attribute("text", "upper", None)
