"""What a long command reports while it runs: plain lines, and on a terminal a sign of life below them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console


@contextmanager
def reporting() -> Iterator[Callable[[str], None]]:
    """Yield a function that prints a line at once; on a terminal a spinner turns below the last one."""
    console = Console(highlight=False, markup=False, soft_wrap=True)
    if not console.is_terminal:
        yield lambda line: print(line, flush=True)
        return
    with console.status("working ...") as status:

        def report(line: str) -> None:
            console.print(line)
            status.update(f"{line.partition(':')[0]} ...")

        yield report
