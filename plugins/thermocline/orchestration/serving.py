"""Serve Airflow with the DAGs scheduled, and its web page on this machine only, as `make up` does."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from urllib.error import URLError
from urllib.request import urlopen

import psutil  # type: ignore[import-untyped]

from thermocline.company.airflow_settings import LOOPBACK, kept_password, process_environment
from thermocline.errors import InputError, ThermoclineError
from thermocline.home import Home
from thermocline.orchestration.environment import only_airflow, prepare

# Tasks report to the API server, so it starts before what starts tasks. The triggerer and scheduler
# don't serve their logs: the web page reads the files.
COMPONENTS = {
    "api-server": [],
    "dag-processor": [],
    "triggerer": ["--skip-serve-logs"],
    "scheduler": ["--skip-serve-logs"],
}
LIFELINE = "thermocline.orchestration.lifeline"
FIRST = ("api-server", "dag-processor")
CHATTY = ("airflow.dag_processing", "airflow.jobs", "airflow.models", "http.access", "great_expectations")
SECONDS_TO_START = 120
SECONDS_TO_END = 10


def serve(home: Home, port: int = 8080) -> None:
    """Run Airflow's four processes until interrupted (Ctrl-C or SIGTERM), then end them all.

    Raise InputError if the port is taken, WarehouseBusy if another Airflow uses the home,
    ThermoclineError if one of the processes stops by itself, after ending the others.
    """
    home.prepare()
    check_port(port)
    url = f"http://{LOOPBACK}:{port}"
    with only_airflow(home, f"Airflow on {url}") as lock, until_interrupted():
        print("Starting Airflow ...", flush=True)
        prepare(home)
        password = kept_password(home)
        with components(home, port, lock) as start:
            children = [start(name) for name in COMPONENTS if name in FIRST]
            wait_until_healthy(children, url, ("metadatabase",))
            children += [start(name) for name in COMPONENTS if name not in FIRST]
            wait_until_healthy(children, url, ("scheduler", "dag_processor", "triggerer"))
            print(
                f"Airflow is up: {url}\n"
                f"  user      admin\n"
                f"  password  {password}\n"
                f"  exports   {home.exports}\n"
                f"  logs      {home.airflow / 'logs'}\n"
                "Ctrl-C ends it.",
                flush=True,
            )
            while True:
                check_alive(children)
                time.sleep(1)


def check_port(port: int) -> None:
    """Raise InputError unless `port` is free on this machine."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except (OSError, OverflowError) as error:
            raise InputError(
                f"port {port} can't be used ({error}): choose another, as in make up PORT=8081"
            ) from error


def served_environment(home: Home, port: int) -> dict[str, str]:
    """Return the environment of the processes of an Airflow that is served on `port`."""
    url = f"http://{LOOPBACK}:{port}"
    return process_environment(home) | {
        # Task logs, which the web page shows, are at INFO; the services log warnings only.
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO",
        "AIRFLOW__LOGGING__NAMESPACE_LEVELS": ",".join(f"{name}=WARNING" for name in CHATTY),
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
    }


class Component:
    """One of Airflow's processes, in a process group of its own, with its log."""

    def __init__(self, name: str, home: Home, port: int, lock: int) -> None:
        self.name = name
        self.log: Path = home.airflow / "logs" / f"{name}.log"
        self.log.parent.mkdir(exist_ok=True)
        with self.log.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", LIFELINE, "airflow", name, *COMPONENTS[name]],
                env=served_environment(home, port),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=[lock],
                start_new_session=True,
            )


@contextmanager
def components(home: Home, port: int, lock: int) -> Iterator[Callable[[str], Component]]:
    """Yield a function that starts a component; at exit, end all that were started, and their children."""
    started: list[Component] = []

    def start(name: str) -> Component:
        started.append(Component(name, home, port, lock))
        return started[-1]

    try:
        yield start
    finally:
        end([component.process for component in started])


def end(processes: list[subprocess.Popen[bytes]]) -> None:
    """Send SIGTERM, then SIGKILL, to the processes, and SIGKILL to all that is left of their sessions.

    The scheduler, started last, ends first: tasks that are nearly done can still report to the API server.
    """
    for group in (processes[-1:], processes[:-1]):
        for process in group:
            process.terminate()
        deadline = time.monotonic() + SECONDS_TO_END
        for process in group:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
    sessions = {process.pid for process in processes}
    for pid in psutil.pids():
        with suppress(ProcessLookupError, PermissionError):
            if os.getsid(pid) in sessions:
                os.kill(pid, signal.SIGKILL)
    for process in processes:
        process.wait()


def check_alive(children: list[Component]) -> None:
    for component in children:
        code = component.process.poll()
        if code is not None:
            raise ThermoclineError(
                f"Airflow's {component.name} stopped with exit code {code}: read {component.log}"
            )


def wait_until_healthy(children: list[Component], url: str, parts: tuple[str, ...]) -> None:
    """Wait until `parts` of Airflow are healthy. Raise ThermoclineError after SECONDS_TO_START."""
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        check_alive(children)
        try:
            with urlopen(f"{url}/api/v2/monitor/health", timeout=5) as answer:  # noqa: S310
                health = json.load(answer)
            if all((health.get(part) or {}).get("status") == "healthy" for part in parts):
                return
        except (URLError, OSError, ValueError):
            pass
        time.sleep(0.5)
    raise ThermoclineError(f"Airflow wasn't up within {SECONDS_TO_START} s: read {children[0].log.parent}")


@contextmanager
def until_interrupted() -> Iterator[None]:
    """Leave the block without an error on Ctrl-C, SIGTERM, and when the terminal is closed."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, stop) for number in numbers]
    try:
        yield
    except KeyboardInterrupt:
        with suppress(OSError):
            print("\nAirflow has ended.", flush=True)
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def main(arguments: Sequence[str]) -> int:
    """Serve on the port given as the one argument, by default 8080; return the exit code."""
    port = arguments[0] if arguments else "8080"
    try:
        if not port.isdecimal():
            raise InputError(f"port {port!r} isn't a number: pass one, as in make up PORT=8081")
        serve(Home.current(), int(port))
    except ThermoclineError as error:
        print(f"thermocline: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
