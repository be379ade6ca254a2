import pytest
from screened import Screened
from thermocline.home import Home


@pytest.fixture(scope="session")
def built_year(year: Screened) -> Home:
    """The home of the real wholesaler's year."""
    return year.home
