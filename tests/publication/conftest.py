import multiprocessing
from multiprocessing.context import BaseContext
from pathlib import Path

import pytest
from made_company import Begun
from thermocline.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "it's a [home]").prepare()


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Begun:
    return Begun.make(tmp_path_factory.mktemp("original") / "home")


@pytest.fixture
def begun(original: Begun, tmp_path: Path) -> Begun:
    return original.copy(tmp_path / "begun")


@pytest.fixture(scope="session")
def processes() -> BaseContext:
    """Starts processes that may be killed, cheaply and without this one's threads."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["thermocline.publication", "thermocline.verification"])
    return context
