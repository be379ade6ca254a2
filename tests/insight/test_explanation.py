"""An explanation says what is published, and its sums are those on the screen."""

import re
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from screened import Screened
from thermocline.command import cli
from thermocline.errors import InputError
from thermocline.home import Home
from thermocline.insight.account_lookup import find
from thermocline.insight.explanation import Explanation, explain, explain_from
from thermocline.insight.explanation_text import render
from thermocline.publishing import publication
from thermocline.terminal import plain

EXACT = Decimal("5e-9")
"""Five dimensions, each rounded to nine decimals, and what is rounded once."""


@pytest.fixture(scope="module")
def explanations(example: Screened) -> list[Explanation]:
    accounts = example.rows("select account_id from account_segments order by account_id")
    with publication.reading(example.home, published=example.published.publication_id) as connection:
        connection.execute("use published.reporting")
        return [explain_from(connection, account) for (account,) in accounts]


def published(example: Screened) -> Iterator[dict[str, object]]:
    columns = [name for name, *_ in example.rows("describe account_segments")]
    for row in example.rows("select * from account_segments order by account_id"):
        yield dict(zip(columns, row, strict=True))


def heat_column(text: str) -> tuple[list[Decimal], Decimal]:
    """The heats of the events and the rounding, and the sum below them, as printed."""
    lines = text.splitlines()
    [start] = [number for number, line in enumerate(lines) if line.startswith("  day ")]
    right = lines[start].index("heat") + len("heat")
    figures = []
    for line in lines[start + 1 :]:
        figures.append(Decimal(line[:right].split()[-1]))
        if line.strip().startswith("sum = heat"):
            return figures[:-1], figures[-1]
    raise AssertionError("no sum below the events")


def test_every_account_reproduces_its_published_row(
    example: Screened, explanations: list[Explanation]
) -> None:
    rows = list(published(example))
    assert len(rows) == len(explanations) > 150
    for row, explained in zip(rows, explanations, strict=True):
        assert explained.published == row
        assert explained.state.temperature == row["temperature"]
        assert explained.computed == row["computed_temperature"]
        assert explained.state.since == row["hot_or_cold_since"]
        assert explained.state.until == row["cools_on"]
        assert explained.heat == row["heat"]
        assert explained.is_explained, row["account_id"]


def test_the_sum_on_the_screen_is_the_published_heat(explanations: list[Explanation]) -> None:
    with_events = 0
    for explained in explanations:
        text = render(explained)
        heat = explained.published["heat"]
        if explained.events:
            with_events += 1
            parts, total = heat_column(text)
            assert sum(parts) == total == heat
        else:
            assert f"its heat is {heat:.9f}" in text
        dimensions = re.findall(r"^  (\w+|sum = heat) +(-?\d+\.\d{9})$", text, re.MULTILINE)[-6:]
        assert sum(Decimal(figure) for _, figure in dimensions[:5]) == Decimal(dimensions[5][1]) == heat
    assert with_events > 100


def test_the_screen_says_what_the_row_says(explanations: list[Explanation]) -> None:
    for explained in explanations:
        text, row = render(explained), explained.published
        for column in ("account_id", "reason", "relationship", "data_state", "playbook"):
            assert plain(row[column]) in text
        assert f"{row['temperature']} since {row['hot_or_cold_since']}" in text
        if row["cools_on"]:
            assert f"until {row['cools_on']}" in text
        assert ("What would make it hot" in text) == (row["temperature"] == "cold")
        for event in explained.events:
            assert f"{plain(event.source_file)}, record {event.source_row}" in text


def test_a_past_day_is_the_history_with_the_heat_of_that_day(example: Screened) -> None:
    changes = example.rows(
        "select account_id, changed_on, from_temperature, to_temperature, heat from segment_transitions "
        "where changed_on < ? order by account_id, changed_on limit 12",
        example.built.as_of,
    )
    assert len(changes) == 12
    for account, changed_on, before, after, heat in changes:
        on_the_day = explain(example.home, account, changed_on)
        assert on_the_day.state.temperature == after
        assert on_the_day.state.since == changed_on
        assert abs(on_the_day.heat - heat) <= EXACT
        assert on_the_day.is_explained
        assert all(event.occurred_on <= changed_on for event in on_the_day.events)
        the_day_before = explain(example.home, account, changed_on - timedelta(days=1))
        assert the_day_before.state.temperature == before
        assert the_day_before.state.until == changed_on


def test_a_coming_day_is_what_comes_if_nothing_more_happens(example: Screened) -> None:
    hot = example.rows("select account_id, cools_on from account_segments where cools_on is not null limit 8")
    assert len(hot) == 8
    for account, cools_on in hot:
        cooled = explain(example.home, account, cools_on)
        assert (cooled.state.temperature, cooled.state.since) == ("cold", cools_on)
        assert cooled.heat < cooled.rules["cold_at"] + EXACT
        last = explain(example.home, account, cools_on - timedelta(days=1))
        assert (last.state.temperature, last.state.until) == ("hot", cools_on)
        assert last.heat >= last.rules["cold_at"] - EXACT
        assert "if nothing more happens" in render(cooled)


def test_ways_to_be_hot_are_the_least_that_suffice(explanations: list[Explanation]) -> None:
    cold = [explained for explained in explanations if explained.state.temperature == "cold"]
    assert len({explained.ways for explained in cold}) > 3
    for explained in cold:
        assert [way.what for way in explained.ways] == [
            "typical invoice", "meeting held", "quote", "call from them"]  # fmt: skip
        for way in explained.ways:
            hot_at = explained.rules["hot_at"]
            assert explained.heat + way.count * way.degrees_each >= hot_at
            assert explained.heat + (way.count - 1) * way.degrees_each < hot_at


def test_a_day_before_the_account_was_known_is_refused(
    example: Screened, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("THERMOCLINE_HOME", str(example.home.root))
    [(account, first)] = example.rows(
        "select account_id, min(valid_from) from account_temperature_history group by 1 order by 1 limit 1"
    )
    assert cli.main(["explain", account, "--as-of", str(first)]) == 0
    capsys.readouterr()
    assert cli.main(["explain", account, "--as-of", str(first - timedelta(days=1))]) == 2
    told = capsys.readouterr().err
    assert f"its first day is {first}" in told
    assert len(told.splitlines()) == 1


@pytest.mark.parametrize("column", ["account_id", "account_code", "alias_id", "alias code", "account_name"])
def test_an_account_is_found_by_any_of_its_names(example: Screened, column: str) -> None:
    name = "split_part(alias_id, ':', 2)" if column == "alias code" else column
    account, called = example.rows(
        f"select any_value(account_id), {name} from account_segments join account_links using (account_id) "
        "group by all having count(distinct account_id) = 1 order by all limit 1"
    )[0]
    assert explain(example.home, called).published["account_id"] == account


def test_an_unknown_account_is_refused_with_the_nearest(example: Screened) -> None:
    name = example.value(
        "select account_name from account_segments order by length(account_name) desc limit 1"
    )
    with pytest.raises(InputError, match="nearest: ") as refusal:
        explain(example.home, name[:-1] + "\x1b[2J\udcff")
    assert plain(name, 60) in str(refusal.value)
    assert str(refusal.value).isprintable()


def test_a_name_of_several_accounts_is_refused_with_all_of_them() -> None:
    with duckdb.connect() as connection:
        connection.execute(
            "create schema reporting; "
            "create table reporting.account_segments as select * from (values "
            "('crm:1', '1', 'Twin'), ('crm:2', '2', 'Twin'), ('crm:3', 'crm:1', 'Other')) "
            "as accounts(account_id, account_code, account_name); "
            "create table reporting.account_links as select 'erp:1' as alias_id, 'crm:2' as account_id"
        )
        with pytest.raises(InputError, match=r"names 2 accounts: crm:1 \(Twin\), crm:2 \(Twin\)"):
            find(connection, "Twin")
        with pytest.raises(InputError, match=r"crm:1.*crm:2"):
            find(connection, "1")
        assert find(connection, "crm:1") == "crm:1"
        assert find(connection, "erp:1") == "crm:2"


def test_nothing_published_yet_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="run thermocline run first"):
        explain(Home(tmp_path), "anybody")


@pytest.fixture
def published_alone(example: Screened, tmp_path: Path) -> Home:
    """A home with nothing but its publication, which a test may write to."""
    home = Home(tmp_path / "home")
    shutil.copytree(example.home.reporting, home.reporting, symlinks=True)
    for path in home.reporting.iterdir():
        if not path.is_symlink():
            path.chmod(0o644)
    return home


def change(home: Home, *statements: str) -> None:
    with duckdb.connect(str(home.reporting / "reporting.duckdb")) as connection:
        for statement in statements:
            connection.execute(statement)


def test_it_needs_the_publication_only(example: Screened, published_alone: Home) -> None:
    account = example.value("select min(account_id) from account_segments")
    assert explain(published_alone, account) == explain(example.home, account)


def test_what_came_with_the_data_is_shown_and_not_obeyed(example: Screened, published_alone: Home) -> None:
    account = example.value(
        "select min(account_id) from account_timeline where degrees <> 0 and kind = 'email'"
    )
    hostile = "'x' || chr(27) || '[2J' || chr(10) || chr(155) || 'A' || chr(8238) || 'cba'"
    change(
        published_alone,
        f"update reporting.account_segments set account_name = {hostile}, owner = {hostile}, "
        f"playbook = {hostile}",
        f"update reporting.account_timeline set summary = {hostile}, document_id = {hostile}",
    )
    text = render(explain(published_alone, account))
    assert all(line.isprintable() for line in text.split("\n"))
    assert r"x\x1b[2J\n\x9bA\u202ecba" in text


def test_an_override_is_told_beside_the_law(example: Screened, published_alone: Home) -> None:
    account = example.value("select min(account_id) from account_segments where temperature = 'cold'")
    as_of = example.built.as_of
    begin, end = as_of - timedelta(days=5), as_of + timedelta(days=10)
    change(
        published_alone,
        f"insert into reporting.overrides by name select '{account}' as account_id, 'hot' as temperature, "
        f"'key account' as reason, 'Ann' as approver, date '{begin}' as valid_from, "
        f"date '{end}' as valid_until",
        f"update reporting.account_segments set temperature = 'hot', hot_or_cold_since = '{begin}', "
        f"override_reason = 'key account' where account_id = '{account}'",
        f"update reporting.account_temperature_history set valid_to = '{begin}' "
        f"where account_id = '{account}' and valid_to is null",
        "insert into reporting.account_temperature_history by name select "
        f"'{account}' as account_id, 'hot' as temperature, date '{begin}' as valid_from, "
        "'override' as cause, 1 as scorecard_version",
    )
    explained = explain(published_alone, account)
    assert explained.state.temperature == "hot"
    assert explained.computed == "cold"
    assert (explained.state.since, explained.state.until) == (begin, end + timedelta(days=1))
    text = render(explained)
    assert f"hot from {begin} until {end} inclusive, approved by Ann: key account" in text
    after = explain(published_alone, account, end + timedelta(days=1))
    assert (after.state.temperature, after.state.since) == ("cold", end + timedelta(days=1))
    assert explain(published_alone, account, begin).computed is None
    assert explain(published_alone, account, begin - timedelta(days=1)).computed == "cold"


def test_an_account_whose_data_are_late_is_held(example: Screened, published_alone: Home) -> None:
    account, cools_on = example.rows(
        "select account_id, cools_on from account_segments where cools_on is not null order by 1 limit 1"
    )[0]
    change(
        published_alone,
        "update reporting.account_segments set data_state = 'stale', cools_on = null "
        f"where account_id = '{account}'",
    )
    for day in (None, cools_on):
        explained = explain(published_alone, account, day)
        assert (explained.state.temperature, explained.state.until) == ("hot", None)
        assert "kept hot until its late data arrive" in render(explained)


def test_the_rules_are_those_in_force_on_the_day(example: Screened, published_alone: Home) -> None:
    account = example.value("select min(account_id) from account_timeline where degrees <> 0")
    coming = example.built.as_of + timedelta(days=30)
    change(
        published_alone,
        "insert into reporting.scorecards select * replace "
        f"(2 as scorecard_version, date '{coming}' as effective_from, 2.5 as hot_at) "
        "from reporting.scorecards",
    )
    today = explain(published_alone, account)
    assert (today.rules["scorecard_version"], today.rules["hot_at"]) == (1, Decimal("1.2"))
    later = explain(published_alone, account, coming)
    assert (later.rules["scorecard_version"], later.rules["hot_at"]) == (2, Decimal("2.5"))
    assert "degrees and heat below are those of version 1" in render(later)
    assert "degrees and heat below are those of" not in render(today)


def test_the_last_day_of_the_calendar_is_a_day(example: Screened) -> None:
    account = example.value("select min(account_id) from account_segments where temperature = 'hot'")
    explained = explain(example.home, account, date.max)
    assert explained.heat == 0
    assert explained.state.temperature == "cold"
