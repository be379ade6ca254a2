"""What every connection to DuckDB keeps, ours and dbt's."""

from contextlib import closing
from pathlib import Path

import duckdb
import pytest
import yaml
from thermocline import warehouse
from thermocline.building.transformation import DBT_PROJECT
from thermocline.home import Home

NEAREST = """
select looked_up.day, known.day
from (select unnest([1, 5, 9]) as day) as looked_up
asof left join (select unnest([2, 8]) as day) as known on looked_up.day >= known.day
order by all
"""


def ours(home: Home) -> duckdb.DuckDBPyConnection:
    return warehouse.connect(home, Path(":memory:"))


def that_of_dbt(_: Home) -> duckdb.DuckDBPyConnection:
    profile = yaml.safe_load((DBT_PROJECT / "profiles.yml").read_text(encoding="utf-8"))
    options = profile["thermocline"]["outputs"]["warehouse"]["config_options"]
    return duckdb.connect(
        config={name: value for name, value in options.items() if "env_var" not in str(value)}
    )


@pytest.mark.parametrize("connect", [ours, that_of_dbt])
def test_the_nearest_earlier_row_is_never_found_by_a_loop(connect, tmp_path: Path) -> None:
    with closing(connect(Home(tmp_path).prepare())) as connection:
        assert connection.execute(NEAREST).fetchall() == [(1, None), (5, 2), (9, 8)]
        plan = connection.execute("explain " + NEAREST).fetchall()[0][1]
    assert "Asof Join" in plan
    assert "Nested Loop" not in plan
