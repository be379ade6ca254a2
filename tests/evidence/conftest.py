from datetime import date
from pathlib import Path

import pytest
from thermocline.build import build
from thermocline.home import Home
from thermocline.sources.catalogue import adopt
from thermocline.sources.landing import land


@pytest.fixture(scope="session")
def built_year(wholesaler_exports: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The real wholesaler's year, screened but not published."""
    home = Home(tmp_path_factory.mktemp("year")).prepare()
    adopt(home, wholesaler_exports)
    land(home, "billing", wholesaler_exports, settle_seconds=0)
    build(home, date(2011, 12, 9))
    return home
