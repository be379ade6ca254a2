"""Degrees as vast as a column can hold: what is left of them decides as exactly as a few degrees do."""

from datetime import date, timedelta
from random import Random

import oracle
import pytest
from law_models import Event, Models, Version

FIRST = date(2024, 1, 1)
AS_OF = FIRST + timedelta(days=1500)
VERSION = Version(1, date(1, 1, 1), FIRST, "120", 1_200_000_000, 500_000_000)
MOST = 10**18 - 1


def beside_a_threshold(account: str, random: Random, left: int) -> list[Event]:
    """Pairs of vast degrees that cancel on their day, and `left` billionths on a day among theirs."""
    days = sorted(FIRST + timedelta(days=random.randrange(1000)) for _ in range(random.randint(2, 6)))
    events = [Event(account, random.choice(days), (left, 0, 0, 0, 0))]
    for day in days:
        vast = random.choice((1, -1)) * random.randrange(MOST)
        one, other = random.randrange(5), random.randrange(5)
        for degrees, dimension in ((vast, one), (-vast, one), (vast, other), (-vast, other)):
            events.append(Event(account, day, tuple(degrees * (place == dimension) for place in range(5))))
    random.shuffle(events)
    return events


@pytest.mark.parametrize("left", [1_200_000_000, 1_199_999_999, 500_000_000, 499_999_999, 1_000_000_000])
def test_vast_degrees_that_cancel_leave_the_history_of_what_is_left(models: Models, left: int) -> None:
    random = Random(left)
    accounts = {f"crm:{number}": FIRST for number in range(40)}
    streams = {account: beside_a_threshold(account, random, left) for account in accounts}
    models.screen([event for events in streams.values() for event in events], [VERSION], AS_OF, accounts)
    told = {account: [] for account in accounts}
    for _, account, *change in models.history():
        told[account].append(tuple(change))
    for account, events in streams.items():
        assert told[account] == oracle.history(events, [VERSION], FIRST, AS_OF), events


def test_an_account_of_a_hundred_million_degrees_cools_on_its_day(models: Models) -> None:
    """Twenty-eight half-lives later, the last bits of its sums are the days that it has left."""
    events = [
        Event("crm:vast", FIRST + timedelta(days=day), (10**17 + day, 0, 0, 0, 10**16)) for day in range(60)
    ]
    as_of = FIRST + timedelta(days=5000)
    models.screen(events, [VERSION], as_of, {"crm:vast": FIRST})
    told = [tuple(change) for _, _, *change in models.history()]
    assert told == oracle.history(events, [VERSION], FIRST, as_of)
    assert told[-1][2:] == ("cold", "cooling")
