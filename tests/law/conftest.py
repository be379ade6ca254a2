from collections.abc import Iterator
from contextlib import closing

import pytest
from law_models import Models
from screened import Screened
from thermocline.building import transformation


@pytest.fixture(scope="session")
def models(example: Screened) -> Iterator[Models]:
    """The compiled models of screening, over tables of the test's own."""
    compiled = transformation.target_folder(example.home) / "compiled" / "thermocline" / "models"
    with closing(Models(compiled / "screening")) as made:
        yield made
