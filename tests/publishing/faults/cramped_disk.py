"""Publishing on a disk of its own that is too small, then read-only; run within a mount namespace.

    unshare --user --map-root-user --mount python cramped_disk.py FOLDER

mounts a small disk on FOLDER, publishes there, and writes what it saw to stdout, as JSON.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "support"))

from made_company import audit, build
from thermocline.audit.verification import verify
from thermocline.errors import ThermoclineError
from thermocline.home import Home
from thermocline.publishing.publication import current, publish


def mount(options: str, folder: Path) -> None:
    subprocess.run(["mount", *options.split(), "tmpfs", str(folder)], check=True)


def main(folder: Path) -> None:
    mount("-t tmpfs -o size=256m", folder)
    home = Home(folder / "home").prepare()
    small, large = build(home), build(home, accounts=7)

    def look(attempt: Callable[[], object]) -> dict[str, object]:
        try:
            ended, exit_code = str(getattr(attempt(), "outcome", "")), 0
        except ThermoclineError as error:
            ended, exit_code = str(error), error.exit_code
        seen, report = current(home), verify(home)
        return {
            "ended": ended,
            "exit_code": exit_code,
            "seen": seen and seen.content_hash,
            "verified": report.exit_code,
            "left": [path.name for path in home.reporting.glob(".writing*")],
        }

    told = {"small": small.content_hash, "large": large.content_hash}
    told["first"] = look(lambda: publish(home, audit(home, small).content_hash))
    coming = audit(home, large).content_hash
    used = shutil.disk_usage(folder).used
    mount(f"-o remount,size={used + 200_000}", folder)
    told["full"] = look(lambda: publish(home, coming))
    mount("-o remount,size=256m", folder)
    told["after_full"] = look(lambda: publish(home, coming))
    coming = audit(home, small).content_hash
    mount("-o remount,ro", folder)
    told["read_only"] = look(lambda: publish(home, coming))
    mount("-o remount,rw", folder)
    told["after_read_only"] = look(lambda: publish(home, coming))
    print(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
