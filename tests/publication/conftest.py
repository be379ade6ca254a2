from pathlib import Path

import pytest

from thermocline.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "it's a [home]").prepare()
