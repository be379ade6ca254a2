"""The command `thermocline`. One line on stderr says what went wrong; the exit code says of which kind.

Heavy modules are imported by the command that needs them.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import NoReturn

from thermocline import __version__
from thermocline.errors import InputError, ThermoclineError
from thermocline.home import Home

_FROM = "its first day (default: the day after the published one)"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message}: see {self.prog} --help")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code: 0 done, 1 refused by the gate, 2 bad input, 3 to 5 verify, 70 ours."""
    try:
        options = _parser().parse_args(arguments)
        command: Callable[[argparse.Namespace], int] = options.command
        return command(options)
    except ThermoclineError as error:
        print(f"thermocline: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("thermocline: interrupted; nothing is half-published, run again when you like", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return 0
    except Exception as error:
        if os.environ.get("THERMOCLINE_DEBUG"):
            raise
        told = next(iter(str(error).strip().splitlines()), "no words")
        print(
            f"thermocline: {type(error).__name__}: {told}: put that right and run again; "
            "THERMOCLINE_DEBUG=1 shows where it happened",
            file=sys.stderr,
        )
        return ThermoclineError.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="thermocline",
        description="Which accounts are hot, which are cold, why, since when and until when.",
        epilog="THERMOCLINE_HOME names the folder of one company's state (default: var in the checkout).",
    )
    parser.add_argument("--version", action="version", version=f"thermocline {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="land, screen, audit and publish, once, through Airflow")
    run.add_argument(
        "--exports", type=_folder, metavar="DIR", help="where the exports are (default: as configured)"
    )
    run.add_argument(
        "--as-of", type=_day, metavar="DATE", help="the day to screen (default: the newest they cover)"
    )
    run.add_argument("--full-refresh", action="store_true", help="build every table anew, not what changed")
    run.set_defaults(command=_run)

    example = commands.add_parser("example", help="write the exports of a made company")
    example.add_argument("--accounts", type=int, default=2000, metavar="N")
    example.add_argument("--days", type=int, default=730, metavar="D")
    example.add_argument(
        "--lines",
        type=int,
        metavar="L",
        help="about so many invoice lines (default: as accounts usually buy)",
    )
    example.add_argument("--seed", type=int, default=1, metavar="S")
    example.add_argument("--ends-on", type=_day, default=date(2026, 6, 30), metavar="DATE")
    example.add_argument("--out", type=Path, required=True, metavar="DIR")
    example.set_defaults(command=_example)

    sources = commands.add_parser("sources", help="the company's sources, or what a folder of exports holds")
    actions = sources.add_subparsers(metavar="ACTION")
    sources.set_defaults(command=_sources)
    check = actions.add_parser("check", help="read every file of a folder as a run would, and load nothing")
    check.add_argument("folder", type=_folder, metavar="DIR")
    check.set_defaults(command=_check_sources)

    explain = commands.add_parser("explain", help="why an account is hot or cold, since when, until when")
    explain.add_argument("account", metavar="ACCOUNT", help="its id, code, alias or exact name")
    explain.add_argument(
        "--as-of", type=_day, metavar="DATE", help="any day, past or future (default: the published one)"
    )
    explain.add_argument(
        "--group", action="store_true", help="explain the group of accounts that it belongs to"
    )
    explain.set_defaults(command=_explain)

    diff = commands.add_parser("diff", help="the accounts that two publications tell differently")
    diff.add_argument(
        "publications",
        nargs="*",
        metavar="PUBLICATION",
        help="two that are kept (default: the current one and the one before it)",
    )
    diff.add_argument("--on", type=_day, metavar="DATE", help="the day (default: the earlier as-of date)")
    diff.set_defaults(command=_diff)

    backtest = commands.add_parser("backtest", help="measure the screening on the company's own past")
    backtest.add_argument(
        "--cutoffs", type=_day, nargs="+", metavar="DATE", help="days to look ahead from (default: twelve)"
    )
    backtest.add_argument("--horizon", type=int, default=90, metavar="DAYS", help="how far (default: 90)")
    backtest.set_defaults(command=_backtest)

    calibrate = commands.add_parser("calibrate", help="propose a scorecard from the company's own past")
    calibrate.add_argument("--author", required=True, metavar="NAME", help="who proposes it")
    calibrate.set_defaults(command=_calibrate)

    scorecard = commands.add_parser("scorecard", help="the scorecard's versions, or put a proposal in force")
    scorecard_actions = scorecard.add_subparsers(metavar="ACTION")
    scorecard.set_defaults(command=_scorecard)
    activate = scorecard_actions.add_parser("activate", help="add a proposal's version to the scorecards")
    activate.add_argument("proposal", type=Path, metavar="FILE", help="config/proposals/scorecard-N.csv")
    activate.add_argument("--from", dest="valid_from", type=_day, metavar="DATE", help=_FROM)
    activate.set_defaults(command=_activate)

    override = commands.add_parser("override", help="an account's temperature by a person's word, for a time")
    override.set_defaults(command=_override)
    override_actions = override.add_subparsers(metavar="ACTION")
    add = override_actions.add_parser("add", help="add one; without an action, list them")
    add.add_argument("account", metavar="ACCOUNT", help="its id, code, alias or exact name")
    add.add_argument("temperature", choices=("hot", "cold"))
    add.add_argument("--until", type=_day, required=True, metavar="DATE", help="its last day")
    add.add_argument("--from", dest="valid_from", type=_day, metavar="DATE", help=_FROM)
    add.add_argument("--by", required=True, metavar="NAME", help="who approves it")
    add.add_argument("--because", required=True, metavar="WORDS", help="why")
    add.set_defaults(command=_add_override)

    approve = commands.add_parser("approve", help="publish what the gate blocked for a shift alone")
    approve.add_argument("candidate", metavar="HASH", help="the candidate's hash, or how it begins")
    approve.add_argument("--by", required=True, metavar="NAME", help="who approves it")
    approve.add_argument("--because", required=True, metavar="WORDS", help="why it is right")
    approve.set_defaults(command=_approve)

    rollback = commands.add_parser("rollback", help="put an earlier publication back, in every target")
    rollback.add_argument("publication", metavar="PUBLICATION", help="its id, such as 2026-06-30-0001")
    rollback.set_defaults(command=_rollback)

    evidence = commands.add_parser("evidence", help="write one publication's evidence pack, for an auditor")
    evidence.add_argument("publication", metavar="PUBLICATION", help="its id, such as 2026-06-30-0001")
    evidence.add_argument("--out", type=Path, metavar="FILE", help="default: evidence-PUBLICATION.zip here")
    evidence.set_defaults(command=_evidence)

    verify = commands.add_parser("verify", help="recompute every hash: files, publications, ledger")
    verify.set_defaults(command=_verify)

    prune = commands.add_parser("prune", help="remove what the company's retention doesn't keep any longer")
    prune.add_argument("--dry-run", action="store_true", help="say what would go, and remove nothing")
    prune.set_defaults(command=_prune)
    return parser


def _day(text: str) -> date:
    if text == "yesterday":
        return date.today() - timedelta(days=1)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' isn't a day such as 2026-06-30") from None


def _folder(text: str) -> Path:
    path = Path(text)
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder '{text}'")
    return path


def _run(options: argparse.Namespace) -> int:
    from thermocline import publication, summary
    from thermocline.orchestration.runs import run_dags
    from thermocline.sources.catalogue import adopt, sources

    home = Home.current().prepare()
    if options.exports or not sources(home):
        adopt(home, options.exports or home.exports)
    if options.full_refresh:
        from thermocline.build import forget

        forget(home)
    before = publication.current(home)
    started = time.monotonic()
    outcome = run_dags(home, options.exports, options.as_of, report=lambda line: print(line, flush=True))
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


def _example(options: argparse.Namespace) -> int:
    from thermocline.example import generate

    generate(options.accounts, options.days, options.seed, options.out, options.ends_on, options.lines)
    print(f"{options.out}: {options.accounts:,} accounts, {options.days} days up to {options.ends_on}")
    return 0


def _sources(_: argparse.Namespace) -> int:
    from thermocline.sources.catalogue import sources

    home = Home.current()
    known = sources(home)
    if not known:
        raise InputError(
            f"{home.root} has no sources yet: the first run writes {home.config / 'sources.yml'}"
        )
    for source in known:
        print(f"{source.name}  mapping {source.mapping}  {source.location}")
    return 0


def _check_sources(options: argparse.Namespace) -> int:
    from thermocline.sources.checking import check, render

    found = check(options.folder, Home.current())
    print(render(found))
    if found.refused:
        raise InputError(
            f"{len(found.refused)} of the files above would be refused, {found.refused[0]} first"
        )
    return 0


def _explain(options: argparse.Namespace) -> int:
    from thermocline.explanation import explain
    from thermocline.explanation_text import render
    from thermocline.group_explanation import explain_group
    from thermocline.group_explanation import render as render_group

    if not options.group:
        print(render(explain(Home.current(), options.account, options.as_of)))
    elif options.as_of:
        raise InputError("a group is explained on the published day: leave --as-of or --group out")
    else:
        print(render_group(explain_group(Home.current(), options.account)))
    return 0


def _diff(options: argparse.Namespace) -> int:
    from thermocline.difference import difference
    from thermocline.difference_text import render

    if len(options.publications) not in (0, 2):
        raise InputError(f"diff compares two publications, not {len(options.publications)}: name two or none")
    first, second = options.publications or (None, None)
    print(render(difference(Home.current(), first, second, options.on)))
    return 0


def _backtest(options: argparse.Namespace) -> int:
    from thermocline.evidence.backtest import backtest

    for line in backtest(Home.current(), options.cutoffs, options.horizon).lines():
        print(line)
    return 0


def _calibrate(options: argparse.Namespace) -> int:
    from thermocline.evidence.calibration import calibrate

    for line in calibrate(Home.current(), options.author).lines():
        print(line)
    return 0


def _scorecard(_: argparse.Namespace) -> int:
    from thermocline.amending import listed
    from thermocline.configuration import SCORECARDS

    for row in listed(Home.current(), SCORECARDS):
        print(
            f"version {row['scorecard_version']} from {row['effective_from']}: hot at {row['hot_at']}, cold "
            f"below {row['cold_at']}, half-life {row['half_life_days']} days, typical invoice "
            f"{row['typical_invoice']}, by {row['author']}" + (f": {row['note']}" if row["note"] else "")
        )
    return 0


def _activate(options: argparse.Namespace) -> int:
    from thermocline.amending import activate

    row = activate(Home.current(), options.proposal, options.valid_from)
    print(
        f"version {row['scorecard_version']} takes effect on {row['effective_from']}: the next run reads it"
    )
    return 0


def _override(_: argparse.Namespace) -> int:
    from thermocline.amending import listed
    from thermocline.configuration import OVERRIDES

    for row in listed(Home.current(), OVERRIDES):
        print(
            f"{row['account_id']} is {row['temperature']} from {row['valid_from']} until "
            f"{row['valid_until']}, by {row['approver']}: {row['reason']}"
        )
    return 0


def _add_override(options: argparse.Namespace) -> int:
    from thermocline.amending import override

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


def _approve(options: argparse.Namespace) -> int:
    from thermocline.approval import approve
    from thermocline.command_events import telling

    home = Home.current()
    with telling(home, "approve", _warn) as run:
        found, published = approve(home, options.candidate, options.by, options.because, run.progress)
        run.published(published)
        for line in found.lines():
            print(f"approved: {line}")
        print(f"{published.outcome} as {published.publication_id}, as of {published.as_of_date}")
    return 0


def _rollback(options: argparse.Namespace) -> int:
    from thermocline import publication
    from thermocline.command_events import telling

    home = Home.current()
    with telling(home, "rollback", _warn) as run:
        done = publication.rollback(home, options.publication, progress=run.progress)
        run.published(done)
        if done.outcome == "unchanged":
            print(f"{done.publication_id} is published and holds the same: nothing to put back")
        else:
            print(f"published as {done.publication_id}: the content of {options.publication}")
    return 0


def _warn(line: str) -> None:
    print(f"thermocline: {line}", file=sys.stderr)


def _evidence(options: argparse.Namespace) -> int:
    from thermocline.evidence_pack import pack

    path = options.out or Path(f"evidence-{options.publication}.zip")
    if not path.resolve().parent.is_dir():
        raise InputError(f"there is no folder '{path.resolve().parent}' to write {path.name} into")
    gone = pack(Home.current(), options.publication, path)
    for line in gone:
        print(f"not in the pack: {line}")
    print(f"{path}: all of publication {options.publication}" + (" but the above" if gone else ""))
    return 0


def _verify(_: argparse.Namespace) -> int:
    from thermocline.verification import verify

    report = verify(Home.current())
    for line in report.lines():
        print(line)
    return report.exit_code


def _prune(options: argparse.Namespace) -> int:
    from thermocline.retention.pruning import prune

    for removed in prune(Home.current(), dry_run=options.dry_run):
        print(f"would remove {removed}" if options.dry_run else f"removed {removed}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
