"""What stands after any stream of deliveries and builds is what one build from nothing gives."""

import os
import shutil
from contextlib import closing
from pathlib import Path
from random import Random

import compiled_models
import duckdb
import made_warehouse
import pytest
from compiled_models import Model
from deliveries import World
from in_parts import InParts
from screened import Screened
from thermocline import warehouse
from thermocline.building.build import forget
from thermocline.candidates import contract, hashing
from thermocline.home import Home
from thermocline.loading.load import load

STREAMS = int(os.environ.get("THERMOCLINE_STREAMS", "20"))
SEED = int(os.environ.get("THERMOCLINE_SEED", "0"))
"""The first stream's seed; `make soak` takes another each time, and prints it."""
DAYS = 3


def test_days_delivered_in_two_parts_have_the_content_of_all_at_once(
    example: Screened, delivered_in_parts: InParts
) -> None:
    assert delivered_in_parts.first.screened.built.as_of < example.built.as_of
    assert delivered_in_parts.whole.screened.built == example.built


def test_a_full_refresh_loads_what_days_loaded_one_after_the_other(
    delivered_in_parts: InParts, tmp_path: Path
) -> None:
    delivered = delivered_in_parts.whole.screened.home
    home = Home(tmp_path / "home")
    shutil.copytree(delivered.root, home.root, symlinks=True)
    with closing(warehouse.connect(delivered, read_only=True)) as by_day:
        forget(home)
        with closing(warehouse.connect(home)) as at_once:
            load(home, at_once, "UTC")
            tables = by_day.execute(
                "select table_name from information_schema.tables where table_schema = 'raw' order by 1"
            ).fetchall()
            assert len(tables) > 15
            for (name,) in tables:
                found = f"from raw.{name} order by all"
                assert at_once.execute(found).fetchall() == by_day.execute(found).fetchall(), name


@pytest.mark.parametrize("seed", range(SEED, SEED + STREAMS))
def test_after_any_stream_the_tables_are_those_of_one_build_from_nothing(
    models: list[Model], seed: int
) -> None:
    day_by_day, from_nothing = made_warehouse.warehouse(), made_warehouse.warehouse()
    world = World(Random(seed), day_by_day)
    world.found()
    for _ in range(DAYS):
        run(world, models)
        world.change()
    copy_in_another_order(day_by_day, from_nothing, seed)
    for connection in (day_by_day, from_nothing):
        world.write_run(connection)
        compiled_models.build(connection, models)
    for model in models:
        found, expected = rows(day_by_day, model), rows(from_nothing, model)
        assert found == expected, f"{model.name} of seed {seed} after {world.told}"
    assert content_hash(day_by_day) == content_hash(from_nothing)
    day_by_day.close()
    from_nothing.close()


def run(world: World, models: list[Model]) -> None:
    """A build, which may be killed after any of its models."""
    world.write_run(world.connection)
    last = world.random.randrange(2 * len(models))
    for number, _ in enumerate(compiled_models.steps(world.connection, models)):
        if number == last:
            break


def copy_in_another_order(
    source: duckdb.DuckDBPyConnection, target: duckdb.DuckDBPyConnection, seed: int
) -> None:
    """Copy what was loaded and configured, its rows in any order."""
    for schema, name in source.execute(
        "select table_schema, table_name from information_schema.tables "
        "where table_schema in ('raw', 'config') and table_name <> 'run'"
    ).fetchall():
        table = f"{schema}.{name}"
        held = source.execute(f"from {table} order by hash(rowid + {seed})").fetchall()
        if held:
            marks = ", ".join("?" for _ in held[0])
            target.executemany(f"insert into {table} values ({marks})", held)


def rows(connection: duckdb.DuckDBPyConnection, model: Model) -> list[tuple[object, ...]]:
    """Every row of a model, in order."""
    return connection.execute(f"from {model.relation} order by all").fetchall()


def content_hash(connection: duckdb.DuckDBPyConnection) -> str:
    return hashing.content_hash(
        {
            name: hashing.hash_table(connection, f"reporting.{name}", month=contract.MONTHLY.get(name))
            for name in contract.HASHED
        }
    )
