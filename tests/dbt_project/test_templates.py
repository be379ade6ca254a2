"""The code of dbt's templates is kept by their text, and made anew where it isn't, or isn't ours."""

import marshal
from pathlib import Path
from typing import Any

import pytest
from thermocline import dbt_shortcuts, dbt_templates


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where templates are kept; this process knows none."""
    dbt_shortcuts.take()
    file = tmp_path / "made" / "templates.marshal"
    monkeypatch.setattr(dbt_templates, "file", lambda: file)
    monkeypatch.setattr(dbt_templates, "_kept", {})
    monkeypatch.setattr(dbt_templates, "_made", {})
    return file


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The templates that were read to make code of them."""
    from dbt_common.clients.jinja import MacroFuzzEnvironment

    environment: Any = MacroFuzzEnvironment
    read, seen = environment._parse, list[str]()

    def noted(template: Any, source: str, *given: Any) -> Any:
        seen.append(source)
        return read(template, source, *given)

    monkeypatch.setattr(environment, "_parse", noted)
    return seen


def rendered(source: str, *, native: bool = False) -> Any:
    from dbt_common.clients.jinja import get_template

    return get_template(source, {"day": "2026-06-30"}, native=native).render({"day": "2026-06-30"})


def in_the_next_process() -> None:
    dbt_templates._made.clear()
    dbt_templates._kept.clear()
    dbt_templates._kept.update(dbt_templates._read())


@pytest.mark.usefixtures("kept")
def test_a_kept_template_is_not_compiled_again_and_gives_the_same(parsed: list[str]) -> None:
    assert [rendered("on {{ day }}"), rendered("on {{ day }}")] == ["on 2026-06-30"] * 2
    assert parsed == ["on {{ day }}"]
    dbt_templates.write()
    in_the_next_process()
    assert [rendered("on {{ day }}"), rendered("by {{ day }}")] == ["on 2026-06-30", "by 2026-06-30"]
    assert parsed == ["on {{ day }}", "by {{ day }}"]
    dbt_templates.write()
    in_the_next_process()
    assert {source for _, source in dbt_templates._kept} == {"on {{ day }}", "by {{ day }}"}


@pytest.mark.usefixtures("kept")
def test_the_same_text_as_a_value_has_code_of_its_own() -> None:
    number = "{{ '2' | as_number }}"
    for _ in range(2):
        assert (rendered(number), rendered(number, native=True)) == ("2", 2)
        dbt_templates.write()
        in_the_next_process()


def test_nothing_is_written_where_nothing_was_compiled(kept: Path) -> None:
    rendered("on {{ day }}")
    dbt_templates.write()
    in_the_next_process()
    kept.unlink()
    rendered("on {{ day }}")
    dbt_templates.write()
    assert not kept.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"torn",
        marshal.dumps(7),
        marshal.dumps((("another Python", 0, ()), {("MacroFuzzEnvironment", "on {{ day }}"): b"no"})),
    ],
)
def test_what_another_version_kept_or_what_is_broken_is_made_anew(
    content: bytes, kept: Path, parsed: list[str]
) -> None:
    kept.parent.mkdir()
    kept.write_bytes(content)
    in_the_next_process()
    assert rendered("on {{ day }}") == "on 2026-06-30"
    dbt_templates.write()
    in_the_next_process()
    assert rendered("on {{ day }}") == "on 2026-06-30"
    assert parsed == ["on {{ day }}"]


@pytest.mark.usefixtures("kept")
def test_of_too_many_those_stay_that_were_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dbt_templates, "MOST", 2)
    for source in ("one", "two", "three"):
        rendered(source + "{{ day }}")
        dbt_templates.write()
        in_the_next_process()
    assert [source for _, source in dbt_templates._kept] == ["three{{ day }}"]


def test_a_build_goes_on_where_nothing_may_be_written(kept: Path) -> None:
    kept.parent.write_text("in the way")
    assert rendered("on {{ day }}") == "on 2026-06-30"
    dbt_templates.write()
    assert kept.parent.read_text() == "in the way"


@pytest.mark.usefixtures("kept")
def test_a_template_that_cant_be_compiled_is_refused_each_time() -> None:
    from dbt_common.exceptions import CompilationError

    for _ in range(2):
        with pytest.raises(CompilationError, match="day"):
            rendered("{% if day %}")
