import multiprocessing
from multiprocessing.context import BaseContext
from pathlib import Path

import pytest
from thermocline.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "it's a [home]").prepare()


@pytest.fixture(scope="session")
def processes() -> BaseContext:
    """Starts processes that may be killed, cheaply and without this one's threads."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["thermocline.publication", "thermocline.verification"])
    return context
