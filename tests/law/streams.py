"""Random event streams: negative degrees, several events a day, gaps, thresholds met to the last digit."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from law_models import Event, Version
from oracle import Body

FIRST = date(2020, 1, 1)
ONE = 10**9
THRESHOLDS = ((1.0, 0.5), (1.0, 1.0), (2.5, 0.3), (0.4, 0.05))
HALF_LIVES = ("10", "45.5", "120", "365.25")
NOTHING = (0, 0, 0, 0, 0)


@dataclass(frozen=True, repr=False)
class Batch:
    """Many accounts' streams, screened at once."""

    events: list[Event]
    versions: list[Version]
    as_of: date
    first_seen: dict[str, date]
    groups: dict[str, list[str]]

    def of(self, accounts: Sequence[str]) -> list[Event]:
        wanted = set(accounts)
        return [event for event in self.events if event.account in wanted]

    def accounts_of(self, body_kind: str, body: str) -> list[str]:
        return [body] if body_kind == "account" else self.groups[body]

    def shifted(self, days: int) -> "Batch":
        """The same on other days; the scorecards rule from other days too, their epoch stays."""
        by = timedelta(days=days)
        return replace(
            self,
            events=[replace(event, day=event.day + by) for event in self.events],
            versions=[
                version
                if version is self.versions[0]
                else replace(version, effective_from=version.effective_from + by)
                for version in self.versions
            ],
            as_of=self.as_of + by,
            first_seen={account: day + by for account, day in self.first_seen.items()},
        )


def batch(random: Random, accounts: int, half_life: str, thresholds: tuple[float, float]) -> Batch:
    """Streams of so many accounts, the last three of every ten also grouped, under one or two versions."""
    versions = [_version(random, 1, date(1, 1, 1), half_life, thresholds)]
    if random.random() < 0.4:
        begins = FIRST + timedelta(days=random.randrange(600))
        longer = random.choice(HALF_LIVES[HALF_LIVES.index(half_life) :])
        versions.append(_version(random, 2, begins, longer, random.choice(THRESHOLDS)))
    names = [f"crm:{number:03d}" for number in range(accounts)]
    events = [event for name in names for event in _stream(random, name, versions[0])]
    last = max(event.day for event in events)
    as_of = last - timedelta(days=random.randrange(5)) if random.random() < 0.3 else last
    as_of += timedelta(days=random.choice((0, 0, 1, random.randrange(500))))
    events = [event for event in events if event.day <= as_of]
    first_seen = {
        name: min(
            [event.day for event in events if event.account == name],
            default=as_of - timedelta(days=random.randrange(100)),
        )
        for name in names
    }
    for name in random.sample(names, accounts // 5):
        first_seen[name] -= timedelta(days=random.randrange(400))
    groups = {names[ten]: names[ten + 7 : ten + 10] for ten in range(0, accounts - 9, 10)}
    random.shuffle(events)
    return Batch(events, versions, as_of, first_seen, groups)


def _version(
    random: Random, number: int, begins: date, half_life: str, thresholds: tuple[float, float]
) -> Version:
    half_lives = random.choice((0, random.randrange(-2, 10)))
    epoch = FIRST + timedelta(days=int(half_lives * float(half_life)))
    hot_at, cold_at = (round(each * ONE) for each in thresholds)
    return Version(number, begins, epoch, half_life, hot_at, cold_at)


def _stream(random: Random, account: str, version: Version) -> list[Event]:
    """Whole half-lives lie between the events of some streams, never where a threshold is sought."""
    half_life = float(version.half_life)
    in_half_lives = half_life.is_integer() and random.random() < 0.2
    scale = random.choice((2, half_life / 4, half_life))
    day, events = FIRST + timedelta(days=random.randrange(60)), []
    for _ in range(random.choice((1, 2, 5, 10, 20))):
        if (day - FIRST).days > 1200:
            break
        if random.random() > 0.25:
            gap = half_life * random.randint(1, 2) if in_half_lives else 1 + random.expovariate(1 / scale)
            day += timedelta(days=min(int(gap), 700))
        if not in_half_lives and events and random.random() < 0.15:
            events += _seek(random, account, day, events, version)
        else:
            degrees = _degrees(random)
            events.append(Event(account, day, degrees))
            if random.random() < 0.08:
                events.append(Event(account, day, _negated(degrees)))
    return events


def _degrees(random: Random) -> tuple[int, int, int, int, int]:
    """As the scorecard gives them; multiples of 64 billionths halve without a tie."""
    size = round(0.5 * ONE * math.log2(1 + math.exp(random.gauss(0, 1.5)))) & ~63
    match random.randrange(10):
        case 0 | 1 | 2:
            return (ONE // 2, size, 0, 0, 0)
        case 3:
            return (ONE // 2, ONE // 2, 0, 0, 0)
        case 4:
            return (0, -size, 0, 0, 0)
        case 5:
            return (0, 0, random.choice((ONE // 4, -ONE // 4)), 0, 0)
        case 6 | 7:
            return (0, 0, 0, random.choice((ONE // 2, ONE // 4, 150_000_000, 100_000_000)), 0)
        case 8:
            return (0, 0, 0, 0, random.randrange(-ONE // 2, ONE // 2) & ~63)
        case _:
            return (ONE // 2, 16 * ONE, 0, 0, 64)


def _seek(random: Random, account: str, day: date, events: list[Event], version: Version) -> list[Event]:
    """What brings the day's heat to a threshold, or a billionth beside it, in a dimension with heat."""
    body = Body.of(events, version)
    target = random.choice((version.hot_at, version.cold_at)) - random.choice((0, 0, 1))
    dimension = max(range(5), key=lambda each: abs(events[-1].degrees[each]))
    if day == events[-1].day:
        return []
    missing = list(NOTHING)
    missing[dimension] = target - body.heat(day)
    return [Event(account, day, (missing[0], missing[1], missing[2], missing[3], missing[4]))]


def _negated(degrees: tuple[int, int, int, int, int]) -> tuple[int, int, int, int, int]:
    one, two, three, four, five = degrees
    return (-one, -two, -three, -four, -five)


def reversals(random: Random, streams: Batch, many: int) -> list[Event]:
    """Events and their opposites of the same day, at any account and day."""
    accounts = sorted(streams.first_seen)
    found: list[Event] = []
    for _ in range(many):
        account, degrees = random.choice(accounts), _degrees(random)
        span = (streams.as_of - streams.first_seen[account]).days
        day = streams.first_seen[account] + timedelta(days=random.randint(0, span))
        found += [Event(account, day, degrees), Event(account, day, _negated(degrees))]
    return found
