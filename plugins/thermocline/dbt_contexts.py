"""What a node of dbt sees while it runs, made when it is asked for.

For every node dbt makes twice a dictionary of six hundred macros, each an object that knows the node, and of
seventy values: arguments, exceptions that name the node, what its relation is called. A node asks for a few
dozen of them.
"""

import functools
import types
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

Macros = Mapping[str, Mapping[str, Any]]
"""dbt's macros by package and name."""


class Asked(dict[str, Any]):
    """A dictionary in which what is `known` by name is made when it is first asked for."""

    def __init__(self, known: Mapping[str, Any], make: Callable[[str], Any]) -> None:
        super().__init__()
        self.known, self.make = known, make

    def __missing__(self, name: str) -> Any:
        if name not in self.known:
            raise KeyError(name)
        value = self[name] = self.make(name)
        return value

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or name in self.known

    # Whoever copies it gets all of it: Python asks a dictionary with an iterator of its own for its keys.
    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self.keys())

    def keys(self) -> Any:
        return {**dict.fromkeys(self.known), **dict.fromkeys(super().keys())}.keys()

    def values(self) -> Any:
        return dict(self).values()

    def items(self) -> Any:
        return dict(self).items()

    def copy(self) -> dict[str, Any]:
        return dict(self)

    def get(self, name: str, default: Any = None) -> Any:
        try:
            return self[name]
        except KeyError:
            return default


class Namespace(Asked):
    """The macros that a node sees by name, and those of each package."""

    packages: dict[str, Asked]
    global_project_namespace: Asked


def make_macros_callable_when_asked() -> None:
    """Give a node its macros as one dictionary, in place of four that are searched for every name."""
    from dbt.clients.jinja import MacroGenerator
    from dbt.context.macros import MacroNamespaceBuilder
    from dbt.exceptions import PackageNotFoundForMacroError
    from dbt.include.global_project import PROJECT_NAME

    class OfNode(Namespace):
        def get_from_package(self, package_name: str | None, name: str) -> Any:
            if package_name is None:
                return self.get(name)
            if package_name == PROJECT_NAME:
                return self.global_project_namespace.get(name)
            if package_name in self.packages:
                return self.packages[package_name].get(name)
            raise PackageNotFoundForMacroError(package_name)

    known: dict[tuple[Any, ...], tuple[Macros, dict[str, Any], dict[str, Any], dict[str, Any]]] = {}

    def seen(builder: Any, macros: Macros) -> tuple[Macros, dict[str, Any], dict[str, Any], dict[str, Any]]:
        """What nodes of a package see: by name, of dbt and its adapter, and of other packages."""
        internals = tuple(builder.internal_package_names_order)
        sizes = tuple(map(len, macros.values()))
        asked = (id(macros), builder.root_package, builder.search_package, internals, sizes)
        # What is held here can't leave its place to another.
        if asked not in known:
            internal: dict[str, Any] = {}
            for package in reversed(internals):
                internal |= macros.get(package, {})
            others = {name: dict(held) for name, held in macros.items() if name not in internals}
            by_name = {**internal, PROJECT_NAME: None, **dict.fromkeys(others)}
            # The node's own package wins over the project's.
            for package in (builder.root_package, builder.search_package):
                by_name |= others.get(package, {})
            known[asked] = (macros, by_name, internal, others)
        return known[asked]

    def build_namespace(builder: Any, macros: Macros, context: Any) -> Namespace:
        node, stack = builder.node, builder.thread_ctx

        def callable_macro(held: Mapping[str, Any], name: str) -> Any:
            made = MacroGenerator.__new__(MacroGenerator)
            made.context, made.macro, made.node, made.stack = context, held[name], node, stack
            return made

        _, by_name, internal, others = seen(builder, macros)
        namespace = OfNode(by_name, partial(callable_macro, by_name))
        namespace.packages = {
            name: Asked(held, partial(callable_macro, held)) for name, held in others.items()
        }
        namespace.global_project_namespace = Asked(internal, partial(callable_macro, internal))
        for name, held in {**namespace.packages, PROJECT_NAME: namespace.global_project_namespace}.items():
            if by_name.get(name) is None:
                namespace[name] = held
        return namespace

    MacroNamespaceBuilder.build_namespace = build_namespace


def make_contexts_when_asked() -> None:
    """Give a running node its macros and values when it asks for them; what dbt parses gets them all."""
    from dbt.context import providers
    from dbt.context.manifest import ManifestContext
    from dbt_common.clients import jinja

    build, whole = ManifestContext._build_namespace, ManifestContext.to_dict
    running = (providers.ModelContext, providers.MacroContext)

    def member(context: Any, name: str) -> Any:
        value = context._context_members_[name]
        return value.__get__(context) if hasattr(value, "__get__") else value

    def made(context: Any, name: str) -> Any:
        if name == "builtins":
            return Asked(context._context_members_, partial(member, context))
        return context.namespace[name] if name in context.namespace else member(context, name)

    def build_namespace(context: Any) -> Any:
        # The macros hold on to the dictionary that they are made with.
        context._ctx = Asked({}, partial(made, context))
        return build(context)

    def to_dict(context: Any) -> dict[str, Any]:
        if not isinstance(context.provider, providers.RuntimeProvider):
            return whole(context)
        # Whoever asks for variables, as every whole context does, has had them loaded.
        context.config.load_dependencies()
        asked: Asked = context._ctx
        asked.known = {
            "context": None,
            "builtins": None,
            **context._context_members_,
            **context.namespace.known,
        }
        asked["context"] = asked
        return asked

    for of_node in running:
        of_node._build_namespace, of_node.to_dict = build_namespace, to_dict
    # It would copy all of the context for every argument of a test.
    template: Any = jinja.NativeSandboxTemplate
    template.new_context = jinja.MacroFuzzTemplate.new_context


def read_variables_as_written() -> None:
    """Render a variable in the node's own context, of which dbt makes a copy for each that is read."""
    from dbt.clients.jinja import get_rendered
    from dbt.context.base import Var

    variables: Any = Var

    def rendered(variable: Any, name: str) -> Any:
        raw = variable._merged[name]
        return get_rendered(raw, variable._context) if isinstance(raw, str) else raw

    variables.get_rendered_var = rendered


def look_at_types_once() -> None:
    """Let a template's attribute of an ordinary object be judged by its name, as Jinja ends by doing.

    Jinja asks of every object that a template names whether it is a function, a frame or a generator.
    """
    from dbt_common.clients.jinja import MacroFuzzEnvironment

    inner = (
        *(types.FunctionType, types.MethodType, type, types.CodeType, types.TracebackType, types.FrameType),
        *(types.GeneratorType, types.CoroutineType, types.AsyncGeneratorType),
    )
    environment: Any = MacroFuzzEnvironment
    is_safe = MacroFuzzEnvironment.is_safe_attribute

    @functools.cache
    def is_ordinary(kind: Any) -> bool:
        return not issubclass(kind, inner)

    def is_safe_attribute(jinja: Any, obj: Any, attr: str, value: Any) -> bool:
        kind: Any = type(obj)
        if is_ordinary(kind):
            return not attr.startswith("_")
        return is_safe(jinja, obj, attr, value)

    environment.is_safe_attribute = is_safe_attribute
