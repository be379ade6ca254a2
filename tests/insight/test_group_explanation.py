"""A group is explained by its accounts, whose heats add up to its own."""

from collections import defaultdict
from decimal import Decimal

import pytest
from screened import Screened
from thermocline.command import cli
from thermocline.errors import InputError
from thermocline.insight.group_explanation import explain_group, render


def test_every_group_is_the_sum_of_its_accounts(example: Screened) -> None:
    parents = dict(example.rows("select account_id, parent_account_id from account_segments"))
    members = defaultdict(set)
    for account in parents:
        top = account
        while parents[top]:
            top = parents[top]
        members[top].add(account)
    groups = example.rows("select group_id, heat, accounts from group_segments order by group_id")
    assert len(groups) > 3
    assert {group for group, *_ in groups} == {top for top, found in members.items() if len(found) > 1}
    for group, heat, accounts in groups:
        explained = explain_group(example.home, group)
        assert {member["account_id"] for member in explained.members} == members[group]
        assert len(explained.members) == accounts
        assert explained.is_explained
        assert sum((row["heat"] for row in explained.members), explained.rounding) == heat
        assert explained.rounding.copy_abs() < Decimal("1e-7")


def test_a_branch_names_its_group_and_the_screen_shows_the_sum(
    example: Screened, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    branch = example.value("select max(account_id) from account_segments where parent_account_id is not null")
    explained = explain_group(example.home, branch)
    assert branch in {member["account_id"] for member in explained.members}
    monkeypatch.setenv("THERMOCLINE_HOME", str(example.home.root))
    assert cli.main(["explain", branch, "--group"]) == 0
    told = capsys.readouterr().out
    assert told == render(explained) + "\n"
    assert told.splitlines()[-1].split()[-1] == f"{explained.group['heat']:.9f}"
    assert cli.main(["explain", branch, "--group", "--as-of", "2026-01-01"]) == 2
    assert "leave --as-of or --group out" in capsys.readouterr().err


def test_an_account_in_no_group_is_refused(example: Screened) -> None:
    alone = example.value(
        "select min(account_id) from account_segments where parent_account_id is null "
        "and account_id not in (select group_id from group_segments)"
    )
    with pytest.raises(InputError, match="neither parent nor branches"):
        explain_group(example.home, alone)
