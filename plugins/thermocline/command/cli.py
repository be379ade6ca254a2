"""The command `thermocline`. One line on stderr says what went wrong; the exit code says of which kind."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import NoReturn

from thermocline import __version__
from thermocline.command import commands
from thermocline.errors import InputError, ThermoclineError
from thermocline.terminal import plain

LONGEST_LINE = 10_000

_FROM = "its first day (default: the day after the published one)"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message}: see {self.prog} --help")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code: 0 done, 1 refused by the gate, 2 bad input, 3 to 5 verify, 70
    ours.
    """
    try:
        options = _parser().parse_args(arguments)
        command: Callable[[argparse.Namespace], int] = options.command
        return command(options)
    except ThermoclineError as error:
        # A path may hold line breaks; a refusal is one line.
        print(f"thermocline: {plain(error, LONGEST_LINE)}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("thermocline: interrupted; nothing is half-published, run again when you like", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return 0
    except Exception as error:
        if os.environ.get("THERMOCLINE_DEBUG"):
            raise
        message = next(iter(str(error).strip().splitlines()), "no message")
        print(
            f"thermocline: {type(error).__name__}: {message}: fix the cause and run again; "
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
    parsers = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    run = parsers.add_parser("run", help="land, screen, audit and publish, once, through Airflow")
    run.add_argument(
        "--exports", type=_folder, metavar="DIR", help="where the exports are (default: as configured)"
    )
    run.add_argument(
        "--as-of", type=_day, metavar="DATE", help="the day to screen (default: the newest they cover)"
    )
    run.add_argument("--full-refresh", action="store_true", help="rebuild every table, not only what changed")
    run.set_defaults(command=commands.run)

    example = parsers.add_parser("example", help="write the exports of a generated company")
    example.add_argument("--accounts", type=int, default=2000, metavar="N")
    example.add_argument("--days", type=int, default=730, metavar="D")
    example.add_argument(
        "--lines",
        type=int,
        metavar="L",
        help="approximate number of invoice lines (default: as accounts usually buy)",
    )
    example.add_argument("--seed", type=int, default=1, metavar="S")
    example.add_argument("--ends-on", type=_day, default=date(2026, 6, 30), metavar="DATE")
    example.add_argument("--out", type=Path, required=True, metavar="DIR")
    example.set_defaults(command=commands.example)

    sources = parsers.add_parser("sources", help="the company's sources, or what a folder of exports holds")
    actions = sources.add_subparsers(metavar="ACTION")
    sources.set_defaults(command=commands.sources)
    check = actions.add_parser("check", help="read every file of a folder as a run would, and load nothing")
    check.add_argument("folder", type=_folder, metavar="DIR")
    check.set_defaults(command=commands.check_sources)

    explain = parsers.add_parser("explain", help="why an account is hot or cold, since when, until when")
    explain.add_argument("account", metavar="ACCOUNT", help="its id, code, alias or exact name")
    explain.add_argument(
        "--as-of", type=_day, metavar="DATE", help="any day, past or future (default: the published one)"
    )
    explain.add_argument(
        "--group", action="store_true", help="explain the group of accounts that it belongs to"
    )
    explain.set_defaults(command=commands.explain)

    diff = parsers.add_parser("diff", help="compare two publications account by account")
    diff.add_argument(
        "publications",
        nargs="*",
        metavar="PUBLICATION",
        help="two that are kept (default: the current one and the one before it)",
    )
    diff.add_argument("--on", type=_day, metavar="DATE", help="the day (default: the earlier as-of date)")
    diff.set_defaults(command=commands.diff)

    backtest = parsers.add_parser("backtest", help="measure the screening on the company's own past")
    backtest.add_argument(
        "--cutoffs", type=_day, nargs="+", metavar="DATE", help="days to look ahead from (default: twelve)"
    )
    backtest.add_argument("--horizon", type=int, default=90, metavar="DAYS", help="how far (default: 90)")
    backtest.set_defaults(command=commands.backtest)

    calibrate = parsers.add_parser("calibrate", help="propose a scorecard from the company's own past")
    calibrate.add_argument("--author", required=True, metavar="NAME", help="who proposes it")
    calibrate.set_defaults(command=commands.calibrate)

    scorecard = parsers.add_parser("scorecard", help="the scorecard's versions, or put a proposal in force")
    scorecard_actions = scorecard.add_subparsers(metavar="ACTION")
    scorecard.set_defaults(command=commands.scorecard)
    activate = scorecard_actions.add_parser("activate", help="add a proposal's version to the scorecards")
    activate.add_argument("proposal", type=Path, metavar="FILE", help="config/proposals/scorecard-N.csv")
    activate.add_argument("--from", dest="valid_from", type=_day, metavar="DATE", help=_FROM)
    activate.set_defaults(command=commands.activate)

    override = parsers.add_parser("override", help="an account's temperature by a person's word, for a time")
    override.set_defaults(command=commands.override)
    override_actions = override.add_subparsers(metavar="ACTION")
    add = override_actions.add_parser("add", help="add one; without an action, list them")
    add.add_argument("account", metavar="ACCOUNT", help="its id, code, alias or exact name")
    add.add_argument("temperature", choices=("hot", "cold"))
    add.add_argument("--until", type=_day, required=True, metavar="DATE", help="its last day")
    add.add_argument("--from", dest="valid_from", type=_day, metavar="DATE", help=_FROM)
    add.add_argument("--by", required=True, metavar="NAME", help="who approves it")
    add.add_argument("--because", required=True, metavar="WORDS", help="why")
    add.set_defaults(command=commands.add_override)

    approve = parsers.add_parser("approve", help="publish what the gate blocked for a shift alone")
    approve.add_argument("candidate", metavar="HASH", help="the candidate's hash, or how it begins")
    approve.add_argument("--by", required=True, metavar="NAME", help="who approves it")
    approve.add_argument("--because", required=True, metavar="WORDS", help="why it is right")
    approve.set_defaults(command=commands.approve)

    rollback = parsers.add_parser("rollback", help="put an earlier publication back, in every target")
    rollback.add_argument(
        "publication",
        metavar="PUBLICATION|DAY",
        help="its id, such as 2026-06-30-0001; or the last right day, where a wrong later one is published",
    )
    rollback.set_defaults(command=commands.rollback)

    evidence = parsers.add_parser("evidence", help="write one publication's evidence pack, for an auditor")
    evidence.add_argument("publication", metavar="PUBLICATION", help="its id, such as 2026-06-30-0001")
    evidence.add_argument("--out", type=Path, metavar="FILE", help="default: evidence-PUBLICATION.zip here")
    evidence.set_defaults(command=commands.evidence)

    verify = parsers.add_parser("verify", help="recompute every hash: files, publications, ledger")
    verify.set_defaults(command=commands.verify)

    prune = parsers.add_parser("prune", help="remove what the company's retention doesn't keep any longer")
    prune.add_argument("--dry-run", action="store_true", help="say what would go, and remove nothing")
    prune.set_defaults(command=commands.prune)
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


if __name__ == "__main__":
    sys.exit(main())
