"""A run reports plain lines into a file or pipe, and shows that it is alive on a terminal."""

import os
import pty

import pytest
from thermocline.command.progress import reporting

LINE = "extract_crm: landed 2 files of [bold]O'Brien[/bold] & Söhne"


def test_into_a_pipe_each_line_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    with reporting() as report:
        report(LINE)
        report("a" * 200)
    assert capsys.readouterr().out == f"{LINE}\n{'a' * 200}\n"


def test_on_a_terminal_the_stage_is_shown_below_the_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    child, terminal = pty.fork()
    if child == 0:
        with reporting() as report:
            report(LINE)
        os._exit(0)
    shown = b""
    while True:
        try:
            read = os.read(terminal, 4096)
        except OSError:
            break
        if not read:
            break
        shown += read
    os.waitpid(child, 0)
    assert LINE in shown.decode()
    assert "extract_crm ..." in shown.decode()
