"""Child processes that don't outlive their parent, however it dies.

The parent holds the other end of their standard input, and the system closes it at its death.
"""

import os
import runpy
import signal
import sys
import threading
import time

SECONDS_TO_END = 20


def end_with_parent(number: signal.Signals, seconds: float) -> None:
    """Have this process sent the signal `number` when the parent is gone, SIGKILL `seconds` later."""

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
