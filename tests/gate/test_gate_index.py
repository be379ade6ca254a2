"""The page of the last audits says of each what became of it, and lets no text become markup."""

import re
from html import unescape
from typing import Any

import pytest
from blocked_audits import MONEY, SHIFT, SOUND, check
from made_company import Begun, audit, build
from thermocline.candidates.candidate import Candidate
from thermocline.gate import audit_index
from thermocline.home import Home
from thermocline.publishing.approval import approve
from thermocline.publishing.publication import publish, rollback


def judged(home: Home, candidate: Candidate, minute: int, verdict: str = "pass", **changed: Any) -> Candidate:
    """What the gate leaves of an audit: a verdict beside the candidate, and its folder in the site."""
    at = f"2026-01-01T00:{minute:02}:00+00:00"
    audit(home, candidate, verdict, audited_at=at, **changed)
    place = home.site / "gate" / f"20260101T00{minute:02}00-{candidate.content_hash[:12]}"
    place.mkdir(parents=True)
    told = candidate.read_verdict()
    assert told is not None
    audit_index.Audit.of(candidate, told).write(place)
    audit_index.refresh(home)
    return candidate


def shown(home: Home) -> list[list[str]]:
    """The cells of each audit but its links: day, verdict, what became of it, counts, time; newest first."""
    page = (home.site / "gate" / "index.html").read_text(encoding="utf-8")
    rows = [
        re.findall(r"<td[^>]*>(.*?)</td>", row, re.S)
        for row in re.findall(r"<tr>\s*(<td.*?)</tr>", page, re.S)
    ]
    return [[unescape(cell) for cell in row[:7]] for row in rows]


def became(home: Home) -> list[str]:
    return [row[2] for row in shown(home)]


def test_each_audit_tells_its_day_verdict_and_counts(begun: Begun) -> None:
    warned = check("little_revenue_is_unattributed", "warn", False)
    judged(begun.home, begun.coming, 1, "warn", checks=[warned, SOUND])
    assert shown(begun.home) == [
        ["2011-12-10", "warn", "not published yet", "0", "1", "2", "2026-01-01 00:01:00"]
    ]


def test_the_publication_it_became_is_named_and_how_it_came_back(begun: Begun) -> None:
    home = begun.home
    publish(home, judged(home, begun.coming, 1).content_hash)
    later = judged(home, build(home, "2011-12-11", accounts=8), 2)
    publish(home, later.content_hash)
    rollback(home, "2011-12-10-0002")
    assert became(home) == [
        "published as 2011-12-11-0003",
        "published as 2011-12-10-0002; put back as 2011-12-10-0004",
    ]


def test_why_it_was_not_published_is_told(begun: Begun) -> None:
    home = begun.home
    shifted = judged(home, begun.coming, 1, "block", checks=[SHIFT, SOUND])
    lost = judged(home, build(home, "2011-12-10", accounts=6), 2, "block", checks=[SHIFT, MONEY])
    assert became(home) == [
        "not published: blocked by hot_share_is_steady, money_reconciles",
        "not published: blocked by hot_share_is_steady; a person may approve it",
    ]
    approve(home, shifted.content_hash, "<script>alert(1)</script>", "They closed")
    assert became(home)[1] == "published as 2011-12-10-0002, approved by <script>alert(1)</script>"
    assert "<script" not in (home.site / "gate" / "index.html").read_text(encoding="utf-8")
    judged(home, lost, 3, "block", checks=[SHIFT])
    judged(home, shifted, 4)
    judged(home, Candidate.read(home, begun.first.content_hash), 5)
    late = judged(home, build(home, "2011-12-09", accounts=9), 6)
    judged(home, build(home, "2011-12-10", accounts=9), 7)
    assert publish(home, late.content_hash).outcome == "superseded"
    publish(home, judged(home, build(home, "2011-12-10", accounts=4), 8).content_hash)
    assert became(home)[:6] == [
        "published as 2011-12-10-0003",
        "not published: 2011-12-10-0003 is what readers see",
        "not published: 2011-12-10-0003, of a later day, is what readers see",
        "nothing new: 2011-12-09-0001 holds the same",
        "nothing new: 2011-12-10-0002 holds the same",
        "not published: blocked by hot_share_is_steady",
    ]


def test_a_publication_that_was_killed_is_told_as_it_ends(begun: Begun) -> None:
    home = begun.home
    candidate = judged(home, begun.coming, 1)

    def killed(step: str) -> None:
        if step == "intent":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        publish(home, candidate.content_hash, progress=killed)
    audit_index.refresh(home)
    assert became(home) == ["being published as 2011-12-10-0002"]
    publish(home, candidate.content_hash)
    assert became(home) == [
        "2011-12-10-0002 was begun, and the publisher ended before readers saw it; "
        "published as 2011-12-10-0003"
    ]


def test_a_page_that_cannot_be_written_fails_no_publication(begun: Begun) -> None:
    candidate = judged(begun.home, begun.coming, 1)
    index = begun.home.site / "gate" / "index.html"
    index.unlink()
    index.mkdir()
    assert publish(begun.home, candidate.content_hash).outcome == "published"


def test_an_audit_that_says_nothing_of_itself_is_listed(begun: Begun) -> None:
    for name, content in (("20260101T000000-aa", None), ("20260102T000000-bb", b'{"blocks": 1}')):
        place = begun.home.site / "gate" / name
        place.mkdir(parents=True)
        if content:
            (place / "audit.json").write_bytes(content)
    audit_index.refresh(begun.home)
    page = (begun.home.site / "gate" / "index.html").read_text(encoding="utf-8")
    assert re.findall('href="([^"]+)/index.html"', page) == [
        "..",
        "20260102T000000-bb",
        "20260101T000000-aa",
    ]


def test_the_backtests_chart_is_linked_where_there_is_one(begun: Begun) -> None:
    judged(begun.home, begun.coming, 1)
    index = begun.home.site / "gate" / "index.html"
    assert "backtest.html" not in index.read_text(encoding="utf-8")
    (begun.home.site / "backtest.html").write_text("a chart")
    audit_index.refresh(begun.home)
    assert 'href="../backtest.html"' in index.read_text(encoding="utf-8")
