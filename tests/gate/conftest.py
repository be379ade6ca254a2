from pathlib import Path

import pytest
from changed_example import Change, changing
from screened import Screened


@pytest.fixture
def change(example: Screened, tmp_path: Path) -> Change:
    """Freezes the example's tables anew after some SQL, in a copy of its home."""
    return changing(example, tmp_path / "home")
