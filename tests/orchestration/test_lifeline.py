"""A child doesn't outlive its parent, even if that is killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

PARENT = """
import subprocess, sys
child = subprocess.Popen(
    [sys.executable, "-m", "thermocline.orchestration.lifeline", "endless"],
    stdin=subprocess.PIPE, start_new_session=True,
)
print(child.pid, flush=True)
child.wait()
"""
ENDLESS = """
import signal, sys, time
from pathlib import Path
def leave(*_):
    Path("left").write_text("in good order")
    sys.exit()
signal.signal(signal.SIGTERM, leave)
Path("started").touch()
while True:
    time.sleep(0.1)
"""


def appears(path: Path) -> bool:
    deadline = time.monotonic() + 20
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    return path.exists()


def test_a_child_ends_in_good_order_when_its_parent_is_killed(tmp_path: Path) -> None:
    (tmp_path / "endless.py").write_text(ENDLESS)
    with subprocess.Popen(
        [sys.executable, "-c", PARENT],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
    ) as parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        try:
            assert appears(tmp_path / "started")
            parent.kill()
            assert appears(tmp_path / "left")
        finally:
            if not (tmp_path / "left").exists():
                os.kill(child, signal.SIGKILL)
