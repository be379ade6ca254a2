"""Airflow's own database in the home: created once, migrated when Airflow's version changes.

Runs inside the environment that `environment` describes, as a function or as a program.
"""

from importlib.metadata import version

from thermocline.company.airflow_settings import is_prepared
from thermocline.home import Home

WAREHOUSE_POOL = "warehouse"


def prepare_database(home: Home) -> None:
    """Create or migrate the database, and create the pool that admits one writer at a time."""
    if is_prepared(home):
        return

    from airflow.models.pool import Pool
    from airflow.utils.db import initdb

    initdb()
    Pool.create_or_update_pool(
        name=WAREHOUSE_POOL,
        slots=1,
        description="One task at a time works on the warehouse",
        include_deferred=False,
    )
    (home.airflow / "database-version").write_text(version("apache-airflow-core"))


if __name__ == "__main__":
    prepare_database(Home.current())
