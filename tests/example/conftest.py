"""One example company for all tests of this folder."""

import pytest
from example_files import Example
from thermocline.example import generate


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Example:
    folder = tmp_path_factory.mktemp("example") / "exports"
    generate(250, 420, 7, folder)
    return Example(folder)
