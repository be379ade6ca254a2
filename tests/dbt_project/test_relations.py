"""What dbt asks of its tables is answered as dbt would have answered it."""

import threading
from types import SimpleNamespace
from typing import Any

import pytest
from thermocline import transformation


@pytest.fixture(autouse=True)
def library() -> None:
    transformation.library()


def relation(schema: str, name: str) -> Any:
    from dbt.adapters.duckdb.relation import DuckDBRelation

    return DuckDBRelation.create(database="warehouse", schema=schema, identifier=name)


def test_settings_are_merged_as_dbt_does() -> None:
    from dbt.adapters.base import relation as base
    from dbt_common.utils import deep_merge

    flat = ({"database": True, "schema": True}, {"schema": False}, {}, {"identifier": None})
    nested = ({"path": {"schema": "a", "identifier": "b"}, "limit": 1}, {"path": {"schema": "c"}})
    lists = ({"tags": ["a"]}, {"tags": ["b"]})
    for given in (flat, nested, lists):
        assert base.deep_merge(*given) == deep_merge(*given)
    assert base.deep_merge is not deep_merge
    assert base.deep_merge(*flat) is not flat[0] and flat[0] == {"database": True, "schema": True}
    assert (
        relation("staging", "a").incorporate(path={"identifier": "b"}).render() == '"warehouse"."staging"."b"'
    )


def test_only_relations_of_the_same_name_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    from dbt.adapters.base.impl import BaseAdapter
    from dbt.adapters.cache import RelationsCache
    from dbt.adapters.duckdb.relation import DuckDBRelation
    from dbt.adapters.exceptions import ApproximateMatchError

    cache = RelationsCache()
    for schema, name in (("staging", "a"), ("staging", "b"), ("Staging", "c"), ("gate", "a")):
        cache.add(relation(schema, name))
    held = cache.get_relations("Warehouse", "staging")
    assert sorted((found.schema, found.identifier) for found in held) == [
        ("Staging", "c"),
        ("staging", "a"),
        ("staging", "b"),
    ]
    compared: list[str] = []
    compare = DuckDBRelation.matches

    def matches(of: Any, **named: Any) -> bool:
        compared.append(of.identifier)
        return compare(of, **named)

    monkeypatch.setattr(DuckDBRelation, "matches", matches)
    quoting = {"database": True, "schema": True, "identifier": True}
    adapter: Any = SimpleNamespace(config=SimpleNamespace(quoting=quoting), Relation=DuckDBRelation)
    adapter._make_match_kwargs = lambda *given: BaseAdapter._make_match_kwargs(adapter, *given)
    [found] = BaseAdapter._make_match(adapter, held, "warehouse", "staging", "b")
    assert (found.identifier, compared) == ("b", ["b"])
    assert BaseAdapter._make_match(adapter, held, "warehouse", "staging", "d") == []
    with pytest.raises(ApproximateMatchError):
        BaseAdapter._make_match(adapter, held, "warehouse", "staging", "B")


def test_no_columns_are_read_to_widen_texts() -> None:
    from dbt.adapters.duckdb.impl import DuckDBAdapter

    # An adapter without a connection, or anything else, to ask.
    assert DuckDBAdapter.expand_column_types(object(), relation("a", "b"), relation("a", "c")) is None


def test_an_adapters_macro_has_one_context_in_a_thread() -> None:
    from dbt.adapters.base.impl import BaseAdapter

    adapter = SimpleNamespace(_macro_context_generator=None)
    BaseAdapter.set_macro_context_generator(adapter, lambda *given: [*given])
    generate: Any = adapter._macro_context_generator
    macro, config, resolver = object(), object(), object()
    context = generate(macro, config, resolver, None)
    assert context == [macro, config, resolver, None]
    assert generate(macro, config, resolver, None) is context
    assert generate(object(), config, resolver, None) is not context
    assert generate(macro, config, resolver, "dbt") == [macro, config, resolver, "dbt"]
    others: list[Any] = []
    thread = threading.Thread(target=lambda: others.append(generate(macro, config, resolver, None)))
    thread.start()
    thread.join()
    assert others[0] == context and others[0] is not context


def test_statements_without_rows_share_a_table() -> None:
    from dbt_common.clients import agate_helper

    empty = agate_helper.empty_table()
    assert (len(empty.rows), len(empty.columns), agate_helper.empty_table() is empty) == (0, 0, True)
