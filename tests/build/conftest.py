import compiled_models
import pytest
from compiled_models import Model
from in_parts import InParts
from thermocline.transformation import target_folder


@pytest.fixture(scope="session")
def models(delivered_in_parts: InParts) -> list[Model]:
    """The project's models, as dbt compiled them for a first build and for what changed after it."""
    parts = (delivered_in_parts.first, delivered_in_parts.whole)
    return compiled_models.read(*(target_folder(part.screened.home) for part in parts))
