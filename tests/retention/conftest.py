"""Homes to be pruned."""

import shutil
from contextlib import closing
from pathlib import Path

import pytest
from export_files import PAYMENTS, payment, write
from made_company import run
from pruned import (
    FIRST,
    SECOND,
    reload,
    settle,
)
from thermocline import warehouse
from thermocline.home import Home
from thermocline.ledger.facts import Input


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return settle(Home(tmp_path / "home"))


@pytest.fixture(scope="module")
def delivery(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Two landed and loaded files, the second with a cell that can't be read, and a publication of both."""
    home = settle(Home(tmp_path_factory.mktemp("delivery") / "home"))
    write(home.exports, FIRST, PAYMENTS, payment(1, paid_on="2026-01-01"))
    write(home.exports, SECOND, PAYMENTS, payment(2, paid_on="2026-01-02"), payment(3, "secret"))
    assert reload(home) == 2
    with closing(warehouse.connect(home)) as connection:
        files = connection.execute(
            "select source, source_file, sha256, bytes, rows_read from raw.files order by source_file"
        ).fetchall()
    run(home, inputs=tuple(Input(*file) for file in files))
    return home


@pytest.fixture
def delivered(delivery: Home, tmp_path: Path) -> Home:
    return Home(Path(shutil.copytree(delivery.root, tmp_path / "delivered", symlinks=True)))
