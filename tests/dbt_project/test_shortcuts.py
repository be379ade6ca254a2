"""The shortcuts through dbt lead where dbt's own ways lead."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from thermocline import dbt_shortcuts


def test_the_installed_dbt_allows_every_shortcut() -> None:
    assert dbt_shortcuts.take() == ()


def test_warnings_are_heard_and_quiet_events_are_not_made() -> None:
    dbt_shortcuts.take()
    from dbt_common.events.base_types import EventLevel
    from dbt_common.events.event_manager import EventManager
    from dbt_common.events.types import Note

    heard: list[Any] = []
    manager = EventManager()
    manager.add_callback(heard.append)
    loud, quiet = Note(msg="mind the gap"), Note(msg="all is well")
    manager.fire_event(quiet, level=EventLevel.INFO)
    manager.fire_event(loud, level=EventLevel.WARN)
    assert [(event.info.level, event.info.msg, event.data.msg) for event in heard] == [
        ("warn", "mind the gap", "mind the gap")
    ]
    assert quiet.msg == "all is well"
    quiet.msg = "all is better"
    assert quiet.to_dict() == {"msg": "all is better"}


def test_a_macro_of_the_project_wins_over_the_adapters_and_that_over_dbts() -> None:
    dbt_shortcuts.take()
    from dbt.clients.jinja import MacroStack
    from dbt.context.macros import MacroNamespaceBuilder

    held = {
        "dbt": ("all", "but_ours", "dbt_only"),
        "dbt_duckdb": ("all", "but_ours"),
        "a_package": ("all", "packaged"),
        "thermocline": ("all", "ours"),
    }
    macros = {
        package: {name: SimpleNamespace(name=name, package_name=package) for name in names}
        for package, names in held.items()
    }
    builder = MacroNamespaceBuilder("thermocline", "thermocline", MacroStack(), ["dbt_duckdb", "dbt"])
    namespace = builder.build_namespace(macros, {})
    found = {name: namespace[name].macro.package_name for name in ("all", "ours", "but_ours", "dbt_only")}
    assert found == {
        "all": "thermocline",
        "ours": "thermocline",
        "but_ours": "dbt_duckdb",
        "dbt_only": "dbt",
    }
    assert "packaged" not in namespace
    assert namespace.get_from_package("a_package", "packaged").macro.package_name == "a_package"
    assert namespace.get_from_package("dbt", "all").macro.package_name == "dbt_duckdb"
    assert namespace["a_package"]["packaged"].macro.name == "packaged"


def test_results_with_the_same_text_columns_share_what_guesses_the_other_types() -> None:
    dbt_shortcuts.take()
    from dbt_common.clients import agate_helper

    table = agate_helper.table_from_data_flat([{"name": "007", "rows": 7}], ["name", "rows"])
    again = agate_helper.table_from_data_flat([{"name": "", "rows": None}], ["name", "rows"])
    assert [tuple(row) for row in (*table.rows, *again.rows)] == [("007", 7), ("", None)]
    testers = [agate_helper.build_type_tester(["name"], ()) for _ in range(2)]
    assert testers[0] is testers[1]


def test_a_build_writes_its_manifest_at_its_end_and_other_commands_after_parsing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    dbt_shortcuts.take()
    from dbt import flags
    from dbt.parser import manifest
    from dbt.task import runnable

    written: list[str] = []
    made = SimpleNamespace(write=written.append)
    monkeypatch.setattr(manifest, "write_semantic_manifest", lambda **_: None)
    monkeypatch.setattr(manifest, "add_artifact_produced", lambda _: None)
    for command, write in (
        ("build", manifest.write_manifest),
        ("build", runnable.write_manifest),
        ("parse", manifest.write_manifest),
    ):
        monkeypatch.setattr(flags, "GLOBAL_FLAGS", SimpleNamespace(WHICH=command))
        write(made, str(tmp_path / command / str(len(written))))
    assert [Path(path).parent.parent.name for path in written] == ["build", "parse"]


def test_settings_are_checked_until_they_went_well_once() -> None:
    dbt_shortcuts.take()
    from dbt.contracts.project import PackageConfig
    from dbt_common.dataclass_schema import ValidationError

    wrong = {"packages": "none"}
    with dbt_shortcuts.checked(True):
        PackageConfig.validate(wrong)
    with dbt_shortcuts.checked(False), pytest.raises(ValidationError):
        PackageConfig.validate(wrong)
    with pytest.raises(ValidationError):
        PackageConfig.validate(wrong)


def test_who_declares_a_behaviour_is_known_by_name() -> None:
    dbt_shortcuts.take()
    from dbt_common.behavior_flags import Behavior, BehaviorFlag

    flag = BehaviorFlag(name="a_flag", default=False, description="what it does")
    declared = Behavior([flag], {}).a_flag
    assert declared._behavior_change_event.flag_source == __name__


def test_a_querys_file_is_written_where_its_content_differs(tmp_path: Path) -> None:
    dbt_shortcuts.take()
    from dbt.contracts.graph.nodes import ParsedNode

    def written(content: str) -> tuple[str, int]:
        ParsedNode.write_node(None, str(tmp_path), "run/model.sql", content)
        path = tmp_path / "run" / "model.sql"
        return path.read_text(encoding="utf-8"), path.stat().st_mtime_ns

    first = written("select 'ü'\n")
    assert written("select 'ü'\n") == first
    other = written("select 2\r\n")
    assert other[0] == "select 2\n" and other[1] > first[1]
    assert (tmp_path / "run" / "model.sql").read_bytes() == b"select 2\r\n"


def test_a_graph_that_was_checked_is_not_looked_through_for_circles() -> None:
    dbt_shortcuts.take()
    from dbt.compilation import Linker

    linker = Linker()
    linker.dependency("a", "b")
    linker.dependency("b", "a")
    with dbt_shortcuts.checked(True):
        assert linker.find_cycles() is None
    assert sorted(str(linker.find_cycles()).split(" --> ")) == ["a", "b"]
    # No manifest to look nodes up in, no file to write to.
    assert (linker.get_graph_summary(None), linker.write_graph(None, None)) == ({}, None)


def test_plugins_are_looked_for_once() -> None:
    dbt_shortcuts.take()
    from dbt.plugins.manager import PluginManager

    found = PluginManager.get_prefixed_modules()
    assert "dbt_common" in found and PluginManager.get_prefixed_modules() is found


def test_a_schema_gets_its_serializer_when_it_is_written() -> None:
    program = """
from mashumaro.core.meta.code.builder import CodeBuilder

examined, examine = set(), CodeBuilder.get_field_types

def noted(builder, *given, **named):
    examined.add(builder.cls.__name__)
    return examine(builder, *given, **named)

CodeBuilder.get_field_types = noted
from thermocline import transformation
transformation.library()
from mashumaro.jsonschema.models import JSONObjectSchema

assert "JSONObjectSchema" not in examined
assert JSONObjectSchema(title="settings").to_dict()["title"] == "settings"
assert "JSONObjectSchema" in examined
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)
