"""A run reports plain lines into a file or pipe, and shows that it is alive on a terminal."""

import os
import pty
import subprocess
import sys

import pytest
from thermocline.command.progress import reporting

LINE = "extract_crm: landed 2 files of [bold]O'Brien[/bold] & Söhne"


def test_into_a_pipe_each_line_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    with reporting() as report:
        report(LINE)
        report("a" * 200)
    assert capsys.readouterr().out == f"{LINE}\n{'a' * 200}\n"


def test_on_a_terminal_the_stage_is_shown_below_the_lines() -> None:
    ours, theirs = pty.openpty()
    program = (
        f"from thermocline.command.progress import reporting\nwith reporting() as report: report({LINE!r})"
    )
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "200"}
    subprocess.run([sys.executable, "-c", program], stdout=theirs, env=environment, check=True)
    shown = os.read(ours, 65536).decode()
    assert LINE in shown
    assert "extract_crm ..." in shown
