"""Where the law's arithmetic ends, and that data beyond it are refused."""

from datetime import date, timedelta

import pytest
from law_models import Event, Models, Version

FIRST = date(2024, 1, 1)
VERSION = Version(1, date(1, 1, 1), FIRST, "120", 1_200_000_000, 500_000_000)
MILLION = 10**15


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("days", [0, 77, 1200])
def test_a_dimension_of_a_million_degrees_passes_and_one_of_more_is_named(
    models: Models, sign: int, days: int
) -> None:
    """What other dimensions take away is no excuse, nor is heat that has cooled since."""
    day = FIRST + timedelta(days=days)
    models.screen(
        [
            Event("crm:most", day, (0, sign * MILLION, 0, -sign * MILLION, 0)),
            Event("crm:more", day, (0, sign * MILLION, 0, -sign * MILLION, 0)),
            Event("crm:more", day, (0, sign * 1000, 0, 0, 0)),
            Event("crm:cooled", day, (sign * MILLION, 0, 0, 0, 0)),
            Event("crm:cooled", day + timedelta(days=1), (sign, 0, 0, 0, 0)),
        ],
        [VERSION],
        day + timedelta(days=30),
        dict.fromkeys(("crm:most", "crm:more", "crm:cooled"), FIRST),
    )
    assert models.found("assert_no_dimension_exceeds_a_million_degrees") == [("account", "crm:more", 1, day)]
