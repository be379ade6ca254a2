"""A run rewrites what changed, and what then stands there is what a full rebuild would have made."""

import os
from random import Random

import compiled_models
import duckdb
from compiled_models import Model
from deliveries import World
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from in_parts import InParts
from made_warehouse import warehouse
from screened import Screened
from thermocline import contract, freshness, frozen_notes
from thermocline.candidate import Candidate

STEPS = 4
FROZEN = "the digest of a candidate"
# What only says how a table was brought up to date.
WORKINGS = ("int_documents_delivered", "int_documents_touched")


def test_a_build_by_what_changed_has_the_content_of_one_that_builds_all(
    example: Screened, delivered_in_parts: InParts
) -> None:
    assert "building every table" in delivered_in_parts.first.said
    assert "building what changed" in delivered_in_parts.whole.said
    assert delivered_in_parts.first.screened.built.as_of < example.built.as_of
    assert delivered_in_parts.whole.screened.built == example.built


def test_what_models_noted_is_frozen_beside_what_was_frozen(delivered_in_parts: InParts) -> None:
    built = delivered_in_parts.whole.screened.built
    home = delivered_in_parts.whole.screened.home
    tables = Candidate.read(home, built.content_hash).tables
    assert [name for name in contract.KEYS if any(part.changes for part in tables[name].parts.values())]


@settings(
    max_examples=2,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    # The same streams each time: a red test is the change's doing. THERMOCLINE_EXPLORE tries new ones.
    derandomize="THERMOCLINE_EXPLORE" not in os.environ,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(random=st.randoms(use_true_random=True))
def test_after_any_deliveries_every_table_is_that_of_a_full_rebuild(
    models: list[Model], random: Random
) -> None:
    step_by_step, afresh = warehouse(), warehouse()
    world = World(random, (step_by_step, afresh))
    world.found()
    for _ in range(STEPS):
        run(world, step_by_step, models)
        world.begin(afresh, full_refresh=True)
        compiled_models.build(afresh, models, freshness.ALL)
        for model in models:
            # A view holds nothing: what it shows of equal tables is equal.
            if model.materialized != "view" and model.name not in WORKINGS:
                found, expected = rows(step_by_step, model), rows(afresh, model)
                assert found == expected, f"{model.name} after {world.told}"
        world.change()
    step_by_step.close()
    afresh.close()


def run(world: World, connection: duckdb.DuckDBPyConnection, models: list[Model]) -> None:
    """A build that may be killed halfway once or twice, between which more may happen."""
    while world.random.random() < 0.2:
        rebuilt, last = world.begin(connection), world.random.randrange(len(models))
        for number, _ in enumerate(compiled_models.steps(connection, models, rebuilt)):
            if number == last:
                break
        world.change()
    compiled_models.build(connection, models, world.begin(connection))
    freshness.finish(connection, world.made_of(connection), 1)
    for name in contract.KEYS:
        check_notes(connection, name)
    if world.random.random() < 0.5:
        frozen_notes.mark(connection, FROZEN)
        for name in contract.KEYS:
            connection.execute(f"create or replace temp table frozen_{name} as from reporting.{name}")


def check_notes(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """A table is what it was when it was frozen and what was noted since, unless it was made anew."""
    if frozen_notes.are_since(connection, name, FROZEN):
        since = f"select *, 1 as change from frozen_{name} union all from {frozen_notes.relation(name)}"
        found = f"select * exclude (change), sum(change) as number from ({since}) group by all"
        expected = f"select *, count(*) as number from reporting.{name} group by all"
        assert (
            connection.execute(
                f"from (select * from ({found}) where number <> 0 except all {expected}) "
                f"union all from ({expected} except all {found})"
            ).fetchall()
            == []
        )


def rows(connection: duckdb.DuckDBPyConnection, model: Model) -> list[tuple[object, ...]]:
    """Every row in order, with the body itself in place of its number, which hangs on who came first."""
    names = sorted(column[0] for column in connection.execute(f"describe {model.relation}").fetchall())
    numbers = ("body_number", "account_number")
    columns, bodies = ", ".join(f'"{name}"' for name in names if name not in numbers), ""
    if "body_number" in names and model.name != "int_bodies":
        columns += ", body_kind, body_id"
        bodies = (
            "left join (select distinct body_kind, body_id, body_number from screening.int_bodies) "
            "using (body_number)"
        )
    return connection.execute(f"select {columns} from {model.relation} {bodies} order by all").fetchall()
