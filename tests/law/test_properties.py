"""Properties of the law, on random streams through the project's own SQL: 100 streams an example."""

import os
from collections import defaultdict
from datetime import date, timedelta
from itertools import groupby
from random import Random

import oracle
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from law_models import Models
from oracle import Body
from streams import HALF_LIVES, THRESHOLDS, Batch, batch, reversals

ACCOUNTS = 100
EXPLORING = "THERMOCLINE_EXPLORE" in os.environ
DAY = timedelta(days=1)

batches = st.builds(
    batch,
    st.randoms(use_true_random=True),
    st.just(ACCOUNTS),
    st.sampled_from(HALF_LIVES),
    st.sampled_from(THRESHOLDS),
)


def examples(many: int) -> settings:
    return settings(
        max_examples=many,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        # The same streams each time: a red test is the change's doing. THERMOCLINE_EXPLORE tries new ones.
        derandomize=not EXPLORING,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


def screen(models: Models, streams: Batch) -> None:
    models.screen(streams.events, streams.versions, streams.as_of, streams.first_seen, streams.groups)


@examples(10)
@given(streams=batches)
def test_the_intervals_equal_a_day_by_day_simulation(models: Models, streams: Batch) -> None:
    screen(models, streams)
    told: dict[tuple[str, str], list[tuple[int, date, str, str]]] = defaultdict(list)
    for kind, body, *change in models.history():
        told[kind, body].append((change[0], change[1], change[2], change[3]))
    bodies = [("account", account) for account in streams.first_seen]
    bodies += [("group", group) for group in streams.groups]
    assert sorted(told) == sorted(bodies)
    for kind, body in bodies:
        accounts = streams.accounts_of(kind, body)
        first = min(streams.first_seen[account] for account in accounts)
        events = streams.of(accounts)
        simulated = oracle.history(events, streams.versions, first, streams.as_of)
        # The law is its integers, which keep 50 bits of a degree; the oracle knows more, and where a heat is
        # half a billionth off a threshold the two may round apart.
        assert told[kind, body] == simulated or oracle.has_a_tie(events, streams.versions, streams.as_of), (
            kind,
            body,
        )


@examples(4)
@given(streams=batches)
def test_heat_is_that_of_the_oracle_and_cools_on_is_its_first_cold_day(
    models: Models, streams: Batch
) -> None:
    screen(models, streams)
    version = streams.versions[-1]
    by_body = {kind_body[:2]: kind_body[-2:] for kind_body in models.heat_now()}
    assert by_body
    for (kind, name), (heat, cools_on) in by_body.items():
        events = streams.of(streams.accounts_of(kind, name))
        body, last = Body.of(events, version), max(event.day for event in events)
        assert abs(round(heat * 10**9) - body.heat(streams.as_of)) <= 1, (events, version)
        if body.heat(last) < version.cold_at:
            assert cools_on is None
            continue
        assert body.heat(cools_on) < version.cold_at <= body.heat(cools_on - DAY), (events, version)
        every = range(1, (cools_on - last).days, 1 + (cools_on - last).days // 50)
        assert all(body.heat(last + days * DAY) >= version.cold_at for days in every)


@examples(6)
@given(streams=batches, data=st.data())
def test_row_order_late_batches_and_other_accounts_change_no_digit(
    models: Models, streams: Batch, data: st.DataObject
) -> None:
    screen(models, streams)
    accounts = data.draw(st.sets(st.sampled_from(sorted(streams.first_seen)), min_size=1, max_size=40))
    before = [told(accounts) for told in (models.history, models.heat_days, models.heat_now)]
    some = streams.of(sorted(accounts))
    data.draw(st.randoms(use_true_random=True)).shuffle(some)
    first_seen = {account: streams.first_seen[account] for account in accounts}
    models.screen(some, streams.versions, streams.as_of, first_seen, batches=data.draw(st.integers(1, 4)))
    after = [told() for told in (models.history, models.heat_days, models.heat_now)]
    assert after == [[row for row in rows if row[0] == "account"] for rows in before]


@examples(4)
@given(streams=batches, random=st.randoms(use_true_random=True))
def test_an_event_and_its_reversal_change_nothing(models: Models, streams: Batch, random: Random) -> None:
    screen(models, streams)
    history, heat = models.history(), {row[:2]: row[2:] for row in models.heat_now()}
    added = reversals(random, streams, 200)
    models.screen(
        [*streams.events, *added], streams.versions, streams.as_of, streams.first_seen, streams.groups
    )
    assert models.history() == history
    nothing = (streams.versions[-1].number, *[0] * 6, None)
    for kind, body, *now, cools_on in models.heat_now():
        *before, cooled_on = heat.get((kind, body), nothing)
        assert now == before
        # What had cooled may have got a later day, which is cold from its beginning.
        assert cools_on == cooled_on or max(cooled_on, cools_on or date.min) <= streams.as_of


@examples(4)
@given(streams=batches, random=st.randoms(use_true_random=True))
def test_what_was_hot_when_a_late_feed_was_last_heard_of_stays_hot(
    models: Models, streams: Batch, random: Random
) -> None:
    screen(models, streams)
    on_time = models.history()
    known_until = {
        account: first + random.randint(-5, (streams.as_of - first).days) * DAY
        for account, first in streams.first_seen.items()
        if random.random() < 0.7
    }
    models.fill("screening.int_accounts_held", known_until.items())
    try:
        models.make("int_temperatures_computed")
        held = models.history()
    finally:
        models.fill("screening.int_accounts_held", [])
    expected, kept_hot = [], 0
    for kind_body, changes in groupby(on_time, key=lambda change: change[:2]):
        days = [known_until[each] for each in streams.accounts_of(*kind_body) if each in known_until]
        all_changes = list(changes)
        told = [change for change in all_changes if days and change[3] <= min(days)]
        was_hot = bool(told) and told[-1][4] == "hot"
        kept_hot += was_hot and told != all_changes
        expected += told if was_hot else all_changes
    assert kept_hot > 5
    assert held == expected


@examples(4)
@given(streams=batches, half_lives=st.floats(-4, 8))
def test_shifting_all_dates_shifts_all_results(models: Models, streams: Batch, half_lives: float) -> None:
    screen(models, streams)
    days = round(half_lives * float(streams.versions[0].half_life))
    by = timedelta(days=days)
    history, heat = models.history(), models.heat_now()
    screen(models, streams.shifted(days))
    # Other days make other integers: where a heat is half a billionth off a threshold they may round apart.
    differing = {
        row[:2] for row in {*models.history()} ^ {(*row[:3], row[3] + by, *row[4:]) for row in history}
    }
    for kind, body in differing:
        assert oracle.has_a_tie(
            streams.of(streams.accounts_of(kind, body)), streams.versions, streams.as_of
        ), (kind, body)
    for (*now, cools_on), (*then, cooled_on) in zip(models.heat_now(), heat, strict=True):
        assert now[:2] == then[:2]
        assert abs(now[-1] - then[-1]) * 10**9 <= 1
        if cools_on == (cooled_on and cooled_on + by):
            continue
        earlier = min(cools_on - by, cooled_on)
        events = streams.of(streams.accounts_of(*now[:2]))
        assert Body.of(events, streams.versions[-1]).is_tied(earlier), (now, cools_on, cooled_on)


def test_a_stream_with_a_tie_shifts_as_well(models: Models) -> None:
    shift = test_shifting_all_dates_shifts_all_results.hypothesis.inner_test  # type: ignore[attr-defined]
    shift(models, batch(Random(146), ACCOUNTS, "120", (1.0, 0.5)), 3.245555939956759)
