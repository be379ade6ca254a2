from datetime import date
from pathlib import Path

import pytest
from fault_table import pytest_terminal_summary, survived
from screened import WHOLESALER, Screened, screen
from thermocline.example import generate
from thermocline.home import Home

__all__ = ["pytest_terminal_summary", "survived"]


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Screened:
    """A small example company, screened once; tests only read it."""
    folder = tmp_path_factory.mktemp("example")
    generate(150, 400, 3, folder / "exports")
    return screen(Home(folder / "home"), folder / "exports")


@pytest.fixture(scope="session")
def wholesaler_exports() -> Path:
    if not WHOLESALER.is_dir():
        pytest.skip(f"the real wholesaler's year is not at {WHOLESALER}")
    return WHOLESALER


@pytest.fixture(scope="session")
def year(wholesaler_exports: Path, tmp_path_factory: pytest.TempPathFactory) -> Screened:
    """The real wholesaler's year, screened once; tests leave it as it was."""
    return screen(Home(tmp_path_factory.mktemp("wholesaler")), wholesaler_exports, date(2011, 12, 9))
