"""Where an example is written: nothing of anyone else's is touched, nothing is left half-done."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from thermocline.errors import InputError

TRUTH = "truth.json"
PARTS = {"crm", "billing", TRUTH}


@contextmanager
def replaced(out: Path) -> Iterator[Path]:
    """Give an empty folder to write into, which replaces `out` when the block succeeds.

    An earlier example there is removed. Raise InputError, with nothing changed, where `out` contains anything
    else or can't be written.
    """
    out = out.resolve()
    try:
        _refuse_others(out)
        partial = out.with_name(f".{out.name}.partial")
        former = out.with_name(f".{out.name}.former")
        for leftover in (partial, former):
            shutil.rmtree(leftover, ignore_errors=True)
        partial.mkdir(parents=True)
        try:
            yield partial
            if out.exists():
                out.rename(former)
            partial.rename(out)
        except BaseException:
            if former.exists() and not out.exists():
                former.rename(out)
            shutil.rmtree(partial, ignore_errors=True)
            raise
        shutil.rmtree(former, ignore_errors=True)
    except OSError as error:
        raise InputError(
            f"the example can't be written to {out} ({error.strerror}): "
            "make it writable, or give another --out"
        ) from error


def _refuse_others(out: Path) -> None:
    if not out.exists():
        return
    if not out.is_dir():
        raise InputError(f"{out} is a file: give a folder as --out")
    held = {path.name for path in out.iterdir()}
    if held and not (held <= PARTS and _is_truth(out / TRUTH)):
        raise InputError(
            f"{out} holds files that no earlier example wrote "
            f"({', '.join(sorted(held)[:3])}): give an empty or new folder as --out"
        )


def _is_truth(path: Path) -> bool:
    try:
        truth = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(truth, dict) and {"arguments", "entries"} <= truth.keys()
