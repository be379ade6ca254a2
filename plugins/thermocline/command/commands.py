"""What each command of `thermocline` does; its exit code.

Heavy modules are imported by the command that needs them.
"""

import argparse
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from thermocline.errors import InputError
from thermocline.home import Home


def run(options: argparse.Namespace) -> int:
    from thermocline.command import summary
    from thermocline.command.progress import reporting
    from thermocline.landing.catalogue import adopt, sources
    from thermocline.orchestration.runs import run_dags
    from thermocline.publishing import publication

    home = Home.current().prepare()
    if options.exports or not sources(home):
        adopt(home, options.exports or home.exports)
    if options.full_refresh:
        from thermocline.building.build import forget

        forget(home)
    before = publication.current(home)
    started = time.monotonic()
    with reporting() as report:
        outcome = run_dags(home, options.exports, options.as_of, report)
    if outcome.exit_code:
        print(f"thermocline: {outcome.message}", file=sys.stderr)
        if before:
            print(summary.text(home, "still published:"))
        return outcome.exit_code
    print(f"\nDone in {time.monotonic() - started:.0f} s.")
    after = publication.current(home)
    if any(task.task == "publish" and task.state == "skipped" for task in outcome.tasks):
        state = "nothing published, reporting holds a later day:"
    elif before and after and before.publication_id == after.publication_id:
        state = "nothing new, the same content is"
    else:
        state = "published as"
    print(summary.text(home, state))
    return 0


def example(options: argparse.Namespace) -> int:
    from thermocline.example import generate

    generate(options.accounts, options.days, options.seed, options.out, options.ends_on, options.lines)
    print(f"{options.out}: {options.accounts:,} accounts, {options.days} days up to {options.ends_on}")
    return 0


def sources(_: argparse.Namespace) -> int:
    from thermocline.landing.catalogue import sources

    home = Home.current()
    known = sources(home)
    if not known:
        raise InputError(
            f"{home.root} has no sources yet: the first run writes {home.config / 'sources.yml'}"
        )
    for source in known:
        print(f"{source.name}  mapping {source.mapping}  {source.location}")
    return 0


def check_sources(options: argparse.Namespace) -> int:
    from thermocline.landing.manifest import exists as landed_before
    from thermocline.loading.checking import check, render
    from thermocline.orchestration.calendar import last_whole_day

    home = Home.current()
    today = last_whole_day(home, datetime.now(UTC)) + timedelta(days=1)
    found = check(options.folder, home, today)
    print(render(found))
    if found.is_without_records and not landed_before(home):
        raise InputError(
            f"{options.folder} holds headers without records, {found.files[0].file!r} first: "
            "a first run would have nothing to screen; export them with their records"
        )
    if found.refused:
        raise InputError(
            f"{len(found.refused)} of the files above would be refused or wholly quarantined, "
            f"{found.refused[0]} first"
        )
    return 0


def explain(options: argparse.Namespace) -> int:
    from thermocline.insight.explanation import explain
    from thermocline.insight.explanation_text import render
    from thermocline.insight.group_explanation import explain_group
    from thermocline.insight.group_explanation import render as render_group

    if not options.group:
        print(render(explain(Home.current(), options.account, options.as_of)))
    elif options.as_of:
        raise InputError("a group is explained on the published day: leave --as-of or --group out")
    else:
        print(render_group(explain_group(Home.current(), options.account)))
    return 0


def diff(options: argparse.Namespace) -> int:
    from thermocline.insight.difference import difference
    from thermocline.insight.difference_text import render

    if len(options.publications) not in (0, 2):
        raise InputError(f"diff compares two publications, not {len(options.publications)}: name two or none")
    first, second = options.publications or (None, None)
    print(render(difference(Home.current(), first, second, options.on)))
    return 0


def backtest(options: argparse.Namespace) -> int:
    from thermocline.backtest.backtest import backtest

    for line in backtest(Home.current(), options.cutoffs, options.horizon).lines():
        print(line)
    return 0


def calibrate(options: argparse.Namespace) -> int:
    from thermocline.backtest.calibration import calibrate

    for line in calibrate(Home.current(), options.author).lines():
        print(line)
    return 0


def scorecard(_: argparse.Namespace) -> int:
    from thermocline.command.amendments import listed
    from thermocline.company.tables import SCORECARDS

    for row in listed(Home.current(), SCORECARDS):
        print(
            f"version {row['scorecard_version']} from {row['effective_from']}: hot at {row['hot_at']}, cold "
            f"below {row['cold_at']}, half-life {row['half_life_days']} days, typical invoice "
            f"{row['typical_invoice']}, by {row['author']}" + (f": {row['note']}" if row["note"] else "")
        )
    return 0


def activate(options: argparse.Namespace) -> int:
    from thermocline.command.amendments import activate

    row = activate(Home.current(), options.proposal, options.valid_from)
    print(
        f"version {row['scorecard_version']} takes effect on {row['effective_from']}: the next run reads it"
    )
    return 0


def override(_: argparse.Namespace) -> int:
    from thermocline.command.amendments import listed
    from thermocline.company.tables import OVERRIDES

    for row in listed(Home.current(), OVERRIDES):
        print(
            f"{row['account_id']} is {row['temperature']} from {row['valid_from']} until "
            f"{row['valid_until']}, by {row['approver']}: {row['reason']}"
        )
    return 0


def add_override(options: argparse.Namespace) -> int:
    from thermocline.command.amendments import override

    row = override(
        Home.current(),
        options.account,
        options.temperature,
        reason=options.because,
        approver=options.by,
        valid_until=options.until,
        valid_from=options.valid_from,
    )
    print(
        f"{row['account_id']} is {row['temperature']} from {row['valid_from']} until {row['valid_until']}: "
        "the next run publishes it"
    )
    return 0


def approve(options: argparse.Namespace) -> int:
    from thermocline.audit.command_events import logging_events
    from thermocline.publishing.approval import approve

    home = Home.current()
    with logging_events(home, "approve", _warn) as run:
        found, published = approve(home, options.candidate, options.by, options.because, run.progress)
        run.published(published)
        for line in found.lines():
            print(f"approved: {line}")
        print(f"{published.outcome} as {published.publication_id}, as of {published.as_of_date}")
    return 0


def rollback(options: argparse.Namespace) -> int:
    from thermocline.audit.command_events import logging_events
    from thermocline.publishing import publication

    home = Home.current()
    day = _day(options.publication)
    with logging_events(home, "rollback", _warn) as run:
        if day:
            done = publication.return_to(home, day, progress=run.progress)
        else:
            done = publication.rollback(home, options.publication, progress=run.progress)
        run.published(done)
        if done.outcome == "unchanged" and day:
            print(f"{done.publication_id} is published, of no later day than {day}: nothing to put back")
        elif done.outcome == "unchanged":
            print(f"{done.publication_id} is published and holds the same: nothing to put back")
        elif done.outcome == "reopened":
            print(
                f"no publication of {day} or before is left to put back: readers see {done.publication_id} "
                f"until a run of {day} or a later day replaces it (make run AS_OF={day})"
            )
        elif day:
            print(f"published as {done.publication_id}: the latest content as of {day} or before")
        else:
            print(f"published as {done.publication_id}: the content of {options.publication}")
    return 0


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == len("2026-06-30") else None
    except ValueError:
        return None


def _warn(line: str) -> None:
    print(f"thermocline: {line}", file=sys.stderr)


def evidence(options: argparse.Namespace) -> int:
    from thermocline.audit.evidence_pack import pack

    path = options.out or Path(f"evidence-{options.publication}.zip")
    if not path.resolve().parent.is_dir():
        raise InputError(f"there is no folder '{path.resolve().parent}' to write {path.name} into")
    missing = pack(Home.current(), options.publication, path)
    for line in missing:
        print(f"not in the pack: {line}")
    print(f"{path}: all of publication {options.publication}" + (" but the above" if missing else ""))
    return 0


def verify(_: argparse.Namespace) -> int:
    from thermocline.audit.verification import verify

    report = verify(Home.current())
    for line in report.lines():
        print(line)
    return report.exit_code


def prune(options: argparse.Namespace) -> int:
    from thermocline.retention.pruning import prune

    for removed in prune(Home.current(), dry_run=options.dry_run):
        print(f"would remove {removed}" if options.dry_run else f"removed {removed}")
    return 0
