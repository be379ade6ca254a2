"""What dbt does for every node, event and result, and nothing here needs: done once, or not at all.

dbt makes an object of each of its six hundred macros twice for every node, a protobuf message of every event
before it asks whether anybody listens, and four calendars for every result; that was half of its time here.
It writes the manifest before a build and again after it, makes a JSON schema to check settings by, and reads
the source of every frame on the stack, of all that is imported, to know the name of a module.
Where a later dbt has another inside, a shortcut changes nothing but the time.
"""

import functools
import json
import logging
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from threading import Event
from types import FrameType
from typing import Any

from thermocline import dbt_contexts, dbt_relations, dbt_templates

log = logging.getLogger(__name__)


@functools.cache
def take() -> tuple[str, ...]:
    """Take every shortcut that this dbt allows; the names of the others."""
    missed = []
    for shortcut in (
        _share_parse_results,
        _make_events_when_heard,
        _keep_type_testers,
        _write_json_in_one_piece,
        _write_a_builds_manifest_once,
        _trust_what_was_checked,
        _know_the_module_by_its_name,
        _find_materializations_once,
        _write_what_differs,
        _draw_no_graphs,
        _find_plugins_once,
        dbt_templates.keep,
        dbt_contexts.make_macros_callable_when_asked,
        dbt_contexts.make_contexts_when_asked,
        dbt_contexts.read_variables_as_written,
        dbt_contexts.look_at_types_once,
        dbt_relations.merge_settings_at_once,
        dbt_relations.find_relations_by_name,
        dbt_relations.widen_no_texts,
        dbt_relations.keep_contexts_of_macros,
        dbt_relations.make_one_empty_table,
    ):
        try:
            shortcut()
        except (ImportError, AttributeError, TypeError):
            log.debug("this dbt doesn't allow %s", shortcut.__name__, exc_info=True)
            missed.append(shortcut.__name__)
    return tuple(missed)


def spare_schema_serializers() -> None:
    """Let the classes of JSON schemas get the code that writes them when one is written.

    To be called before dbt is imported: dbt's own classes have it so, these are its library's, and take a
    fifth of the import. What was checked before needs no schema.
    """
    with suppress(ImportError):
        from mashumaro.config import BaseConfig

        BaseConfig.lazy_compilation = True


_is_checked = Event()


@contextmanager
def checked(is_checked: bool) -> Iterator[None]:
    """Whether dbt has checked the settings of this very project before; holds in all of its threads."""
    if is_checked:
        _is_checked.set()
    try:
        yield
    finally:
        _is_checked.clear()


def _share_parse_results() -> None:
    """Let dbt use its parse results wherever the warehouse lies, and whatever the company's settings are.

    Parsing finds what refers to what, and no model's references or configuration depend on either; only
    what is compiled does. dbt would parse anew a home that was moved, and one of another currency.
    """
    from dbt.adapters.duckdb.credentials import DuckDBCredentials
    from dbt.contracts.files import FileHash
    from dbt.parser.manifest import ManifestLoader

    DuckDBCredentials._connection_keys = lambda _: ("database", "schema")
    state = ManifestLoader.build_manifest_state_check
    ManifestLoader.build_manifest_state_check = lambda loader: replace(
        state(loader), vars_hash=FileHash.from_contents("")
    )


def _make_events_when_heard() -> None:
    """Let an event be what it was given until something is asked of it, and nobody be told of a quiet one.

    dbt runs here without loggers, and the one that listens notes warnings and errors.
    """
    from dbt_common.events.base_types import BaseEvent, EventLevel
    from dbt_common.events.event_manager import EventManager

    make, ask, fire = BaseEvent.__init__, BaseEvent.__getattr__, EventManager.fire_event
    quiet = (EventLevel.DEBUG, EventLevel.TEST, EventLevel.INFO)

    def given(event: Any, *values: Any, **named: Any) -> None:
        event.__dict__["given"] = (values, named)

    def made(event: Any) -> None:
        values, named = event.__dict__.pop("given", ((), {}))
        make(event, *values, **named)

    def asked(event: Any, name: str) -> Any:
        if "pb_msg" not in event.__dict__:
            made(event)
            return getattr(event, name)
        return ask(event, name)

    def written(event: Any, name: str, value: Any) -> None:
        if name == "pb_msg":
            event.__dict__[name] = value
        else:
            setattr(event.pb_msg, name, value)

    def fired(
        manager: Any, e: Any, level: Any = None, node: Any = None, force_warn_or_error_handling: bool = False
    ) -> None:
        if force_warn_or_error_handling or manager.loggers or (level or e.level_tag()) not in quiet:
            fire(manager, e, level, node, force_warn_or_error_handling)

    event: Any = BaseEvent
    event.__init__, event.__getattr__, event.__setattr__ = given, asked, written
    managers: Any = EventManager
    managers.fire_event = fired


def _keep_type_testers() -> None:
    """Make what guesses the types of a result's columns once for all results with the same text columns."""
    from dbt_common.clients import agate_helper

    helper: Any = agate_helper
    build = functools.cache(helper.build_type_tester)

    def kept(text_columns: Iterable[str], string_null_values: Iterable[str] = ("null", "")) -> Any:
        return build(tuple(sorted(text_columns)), tuple(string_null_values))

    helper.build_type_tester = kept


def _write_json_in_one_piece() -> None:
    """Let the manifest be encoded by what is written in C, which Python doesn't use for a file."""
    from dbt_common.clients import system

    files: Any = system

    class InOnePiece:
        load = staticmethod(json.load)

        @staticmethod
        def dump(content: Any, file: Any, **options: Any) -> None:
            file.write(json.dumps(content, **options))

    files.json = InOnePiece


def _write_a_builds_manifest_once() -> None:
    """Leave the manifest of a build to its end, where dbt writes it once more."""
    from dbt.flags import get_flags
    from dbt.parser import manifest

    # They call what they imported, under names of their own.
    for name in ("dbt.task.runnable", "dbt.task.docs.generate"):
        import_module(name)

    parser: Any = manifest
    write = manifest.write_manifest

    def written(*given: Any, **named: Any) -> None:
        if get_flags().WHICH != "build":
            write(*given, **named)

    parser.write_manifest = written


def _trust_what_was_checked() -> None:
    """Make no JSON schemas for settings that dbt has checked before."""
    from dbt_common.dataclass_schema import dbtClassMixin

    mixin: Any = dbtClassMixin
    check = dbtClassMixin.validate.__func__  # type: ignore[attr-defined]

    def validate(cls: Any, data: Any) -> None:
        if not _is_checked.is_set():
            check(cls, data)

    mixin.validate = classmethod(validate)


def _know_the_module_by_its_name() -> None:
    """Tell who declares a behaviour without reading all of the stack's source, or running lazy modules."""
    from dbt_common.behavior_flags import BehaviorFlagRendered

    rendered: Any = BehaviorFlagRendered
    own, _ = BehaviorFlagRendered.__module__, BehaviorFlagRendered._default_source

    def source() -> str:
        frame: FrameType | None = sys._getframe(1)
        while frame and frame.f_globals["__name__"] == own:
            frame = frame.f_back
        return frame.f_globals["__name__"] if frame else "Unknown"

    rendered._default_source = staticmethod(source)


def _find_materializations_once() -> None:
    """Look through all macros for what makes a table or a view once for each kind, not for every node."""
    from dbt.contracts.graph.manifest import Manifest

    held: Any = Manifest
    find = Manifest.find_materialization_macro_by_name

    def found(manifest: Any, project_name: str, materialization_name: str, adapter_type: str) -> Any:
        known = manifest.__dict__.setdefault("materializations_found", {})
        asked = (project_name, materialization_name, adapter_type, len(manifest.macros))
        if asked not in known:
            known[asked] = find(manifest, project_name, materialization_name, adapter_type)
        return known[asked]

    held.find_materialization_macro_by_name = found


def _write_what_differs() -> None:
    """Leave a query's file as it is that holds it already: most are those of the run before."""
    from dbt.contracts.graph import nodes

    of_nodes: Any = nodes
    write = of_nodes.write_file

    def written(path: str, contents: str = "") -> bool:
        with suppress(OSError, ValueError), Path(path).open(encoding="utf-8", newline="") as file:
            if file.read() == contents:
                return True
        held: bool = write(path, contents)
        return held

    of_nodes.write_file = written


def _draw_no_graphs() -> None:
    """Look for no circles in what was checked before, and write no files about the graph: none is read."""
    from dbt.compilation import Linker

    linker: Any = Linker
    find = Linker.find_cycles
    linker.find_cycles = lambda graph: None if _is_checked.is_set() else find(graph)
    linker.get_graph_summary = lambda *_: {}
    linker.write_graph = lambda *_: None


def _find_plugins_once() -> None:
    """Look through all that is installed for dbt's plugins once."""
    from dbt.plugins.manager import PluginManager

    manager: Any = PluginManager
    manager.get_prefixed_modules = functools.cache(PluginManager.get_prefixed_modules)
