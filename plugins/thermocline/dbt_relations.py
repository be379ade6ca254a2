"""What dbt asks again and again of its tables, answered in one step.

Of every relation that it names dbt merges four copies of the same three settings; to find one it compares all
that stand in a schema, part by part. It reads the columns of two tables for every rewritten model to widen
texts, which have no width in DuckDB, and makes a context of its own for every such question.
"""

import functools
import threading
from collections.abc import Mapping
from typing import Any


def merge_settings_at_once() -> None:
    """Merge settings without copies of copies; lists and dictionaries in them go dbt's own way."""
    from dbt.adapters.base import relation
    from dbt.adapters.contracts import relation as contract

    deeply = relation.deep_merge
    plain = (str, bool, int, type(None))

    def merged(*held: Mapping[str, Any]) -> Any:
        if all(isinstance(value, plain) for settings in held for value in settings.values()):
            return {key: value for settings in held for key, value in settings.items()}
        return deeply(*held)

    for module in (relation, contract):
        of_module: Any = module
        of_module.deep_merge = merged


def find_relations_by_name() -> None:
    """Compare, of the relations in a schema, those with the name that is looked for."""
    from dbt.adapters.base.impl import BaseAdapter
    from dbt.adapters.cache import RelationsCache
    from dbt.adapters.exceptions import NoneRelationFoundError
    from dbt_common.utils.formatting import lowercase

    adapter: Any = BaseAdapter
    cache: Any = RelationsCache
    compare = BaseAdapter._make_match

    def in_schema(held: Any, database: str | None, schema: str | None) -> list[Any]:
        asked = (lowercase(database), lowercase(schema))
        with held.lock:
            # The keys are what the relations are called, in lower case.
            found = [r.inner for key, r in held.relations.items() if (key.database, key.schema) == asked]
        if None in found:
            raise NoneRelationFoundError()
        return found

    def match(of: Any, relations: list[Any], database: str, schema: str, identifier: str) -> list[Any]:
        if identifier:
            bare = identifier.lower().strip(of.Relation.quote_character)
            relations = [
                relation
                for relation in relations
                if str(relation.identifier).lower().strip(relation.quote_character) == bare
            ]
        found: list[Any] = compare(of, relations, database, schema, identifier)
        return found

    cache.get_relations, adapter._make_match = in_schema, match


def widen_no_texts() -> None:
    """Leave texts as wide as they are: DuckDB's have no width, so that none is ever widened."""
    from dbt.adapters.duckdb.column import DuckDBColumn
    from dbt.adapters.duckdb.impl import DuckDBAdapter

    if DuckDBColumn("a", "VARCHAR").can_expand_to(DuckDBColumn("a", "VARCHAR(9)")):
        raise TypeError("texts of this DuckDB have a width")
    adapter: Any = DuckDBAdapter
    adapter.expand_column_types = lambda *_: None


def keep_contexts_of_macros() -> None:
    """Let the adapter's own macros have one context in each thread, in place of one for each call."""
    from dbt.adapters.base.impl import BaseAdapter

    adapter: Any = BaseAdapter
    set_generator = BaseAdapter.set_macro_context_generator

    def kept(held: Any, generate: Any) -> None:
        contexts = threading.local()

        def context(macro: Any, config: Any, resolver: Any, package: str | None) -> Any:
            known: dict[Any, Any] = contexts.__dict__
            asked = (id(macro), id(config), id(resolver), package)
            if asked not in known:
                # What is held here can't leave its place to another.
                known[asked] = (generate(macro, config, resolver, package), macro, config, resolver)
            return known[asked][0]

        set_generator(held, context)

    adapter.set_macro_context_generator = kept


def make_one_empty_table() -> None:
    """Let statements that give no rows share one table of none, with its four calendars to guess types by."""
    from dbt_common.clients import agate_helper

    helper: Any = agate_helper
    helper.empty_table = functools.cache(helper.empty_table)
