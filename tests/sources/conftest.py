"""A home and a folder of exports for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from export_files import disconnect
from thermocline.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    yield Home(tmp_path / "home").prepare()
    disconnect()


@pytest.fixture(autouse=True, scope="module")
def _disconnected() -> Iterator[None]:
    yield
    disconnect()


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    folder = tmp_path / "exports"
    folder.mkdir()
    return folder
