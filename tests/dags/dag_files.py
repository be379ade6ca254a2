"""DAG folders, parsed as Airflow's dag processor parses them, in a process of their own.

Run as a program with folders as arguments it prints one JSON object a folder: what it found about
every DAG, the import errors, the seconds that parsing took once Airflow itself was imported, the
modules imported on the way, and everything that was opened, connected to or started meanwhile.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

WATCHED = (
    "ctypes.dlopen",
    "fcntl.",
    "ftplib.",
    "glob.",
    "open",
    "os.",
    "shutil.",
    "smtplib.",
    "socket.",
    "sqlite3.",
    "subprocess.",
    "tempfile.",
    "urllib.",
)
CODE = (".py", ".pyc", ".so", ".pth")


def is_import(event: str, arguments: tuple[Any, ...]) -> bool:
    """Whether an audited event is Python looking for, reading or caching a module."""
    subject = str(arguments[0]) if arguments else ""
    if event in ("os.listdir", "os.scandir"):
        return subject in sys.path or Path(subject, "__init__.py").exists()
    if event in ("os.mkdir", "os.rename"):
        return "__pycache__" in subject
    return event == "open" and (subject.endswith(CODE) or "__pycache__" in subject)


def parse(folder: Path) -> dict[str, Any]:
    from airflow.dag_processing.dagbag import DagBag

    before = set(sys.modules)
    done: list[str] = []
    watching = True

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if not watching or not event.startswith(WATCHED) or is_import(event, arguments):
            return
        # The bag lists the folder itself, and what Python cached of it.
        if event not in ("os.scandir", "os.walk") or str(arguments[0]) not in (
            str(folder),
            f"{folder}/__pycache__",
        ):
            done.append(f"{event} {arguments[0]}")

    sys.addaudithook(watch)
    began = time.perf_counter()
    bag = DagBag(folder)
    seconds = time.perf_counter() - began
    watching = False
    return {
        "seconds": seconds,
        "import_errors": bag.import_errors,
        "imported": sorted(set(sys.modules) - before),
        "done": done,
        "dags": {dag.dag_id: described(dag) for dag in bag.dags.values()},
    }


def described(dag: Any) -> dict[str, Any]:
    return {
        "file": Path(dag.fileloc).stem,
        "doc_md": dag.doc_md,
        "tags": sorted(dag.tags),
        "tasks": {
            task.task_id: {
                "owner": task.owner,
                "retries": task.retries,
                "retry_delay": task.retry_delay.total_seconds(),
                "pool": task.pool,
                "weight_rule": str(task.weight_rule),
                "upstream": sorted(task.upstream_task_ids),
                "defaults": getattr(task, "defaults", None),
                "response_timeout": timeout.total_seconds()
                if (timeout := getattr(task, "response_timeout", None))
                else None,
                "outlets": [outlet.name for outlet in task.outlets],
            }
            for task in dag.tasks
        },
    }


def main() -> None:
    import airflow.sdk  # noqa: F401
    from airflow.dag_processing.dagbag import DagBag

    # What Airflow itself imports before its first DAG file isn't ours.
    DagBag(Path(sys.argv[1]).with_name("no-such-folder"))
    print(json.dumps([parse(Path(folder)) for folder in sys.argv[1:]]))


if __name__ == "__main__":
    main()
