import compiled_models
import pytest
from compiled_models import Model
from screened import Screened
from thermocline.building.transformation import target_folder


@pytest.fixture(scope="session")
def models(example: Screened) -> list[Model]:
    """The project's models, as dbt compiled them."""
    return compiled_models.read(target_folder(example.home))
