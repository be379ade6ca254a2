import shutil
from pathlib import Path

import compiled_models
import pytest
from compiled_models import BuiltTwice
from screened import Screened
from thermocline.build import Built, build
from thermocline.home import Home
from thermocline.sources.catalogue import adopt
from thermocline.sources.landing import land


@pytest.fixture(scope="session")
def built_twice(example: Screened, tmp_path_factory: pytest.TempPathFactory) -> BuiltTwice:
    """The example's exports in two parts, under its scorecard; the first has a gap that the second fills."""
    folder = tmp_path_factory.mktemp("twice")
    home, exports = example.begin(folder / "home", "company.yml", "scorecards.csv"), folder / "exports"
    shutil.copytree(example.exports, exports)
    days = sorted(file.name for file in (exports / "crm").iterdir())
    for day in (*days[-6:-4], days[-1]):
        for system in ("crm", "billing"):
            shutil.move(exports / system / day, folder / "later" / system / day)
    adopt(home, exports)
    said: list[list[str]] = [[], []]
    _bring(home, exports, said[0])
    whole = compiled_models.keep(home, folder / "whole")
    shutil.copytree(folder / "later", exports, dirs_exist_ok=True)
    built = _bring(home, exports, said[1])
    partial = compiled_models.keep(home, folder / "partial")
    return BuiltTwice(home, said, built, compiled_models.read(whole, partial))


def _bring(home: Home, exports: Path, said: list[str]) -> Built:
    for system in ("crm", "billing"):
        land(home, system, exports, settle_seconds=0)
    return build(home, None, report=said.append)
