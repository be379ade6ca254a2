"""Child processes that end with their parent, even if it is killed.

The parent has the write end of their standard input. The operating system closes it when the parent
dies, so a read that returns means that the parent has ended.
"""

import os
import runpy
import signal
import sys
import threading
import time

SECONDS_TO_END = 20


def end_with_parent(number: signal.Signals, seconds: float) -> None:
    """Send this process the signal `number` when its parent has ended, and SIGKILL `seconds` later."""

    def watch() -> None:
        os.read(0, 1)
        os.kill(os.getpid(), number)
        time.sleep(seconds)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    # Runs a module as its program: python -m thermocline.orchestration.lifeline airflow scheduler
    end_with_parent(signal.SIGTERM, SECONDS_TO_END)
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
