"""A home's PostgreSQL target, and its database as others see it."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg
from postgres_server import Database
from thermocline.home import Home
from thermocline.publishing.publication import targets
from thermocline.publishing.targets import Target


def place(home: Home) -> Target:
    return targets(home)[1]


def rows(database: Database, query: str) -> list[tuple[Any, ...]]:
    with closing(database.connect()) as connection:
        return connection.execute(query).fetchall()


@contextmanager
def reader(database: Database, name: str = "metabase") -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """A session of a BI tool's user, who has the reading role and nothing else."""
    user = f"{name}_{database.name}"
    database.server.execute(f"create role {user} login password 'bi'")
    database.server.users.append(user)
    database.server.execute(f"grant reporting_reader to {user}")
    with closing(database.connect(user, "bi")) as connection:
        yield connection
