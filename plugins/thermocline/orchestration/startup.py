"""A shorter start for a run by hand, where Airflow serves its task API to itself only."""

import logging
from collections.abc import Hashable
from contextlib import suppress
from typing import Any

from thermocline.suites import without

log = logging.getLogger(__name__)


def spare_older_task_apis() -> None:
    """Let the task API exist in its latest version alone; in the nine of them it takes 5 s more.

    Workers of older Airflow versions ask for the others; a run by hand has no workers. Where a new
    Airflow has another inside, nothing is changed but the five seconds.
    """
    try:
        from airflow.api_fastapi.execution_api import versions
        from airflow.api_fastapi.execution_api.routes import execution_api_router
        from cadwyn import HeadVersion, Version, VersionBundle
        from cadwyn.route_generation import _DELETED_ROUTE_TAG

        latest = VersionBundle(HeadVersion(), Version(versions.bundle.versions[0].value))
        kept = [
            route
            for route in execution_api_router.routes
            if _DELETED_ROUTE_TAG not in getattr(route, "tags", ())
        ]
    except (ImportError, AttributeError, LookupError, TypeError):
        log.debug("the task API is built in all its versions", exc_info=True)
        return
    versions.bundle = latest
    execution_api_router.routes[:] = kept


def spare_web_frameworks() -> None:
    """Let what hands the task API its services find its own framework only, not two that nobody uses."""
    with suppress(ImportError), without(("aiohttp", "flask")):
        import svcs  # noqa: F401


def note_dags_once() -> None:
    """Let Airflow write the DAGs to its database at the first `dag.test`, which writes all, not at each."""
    try:
        from airflow.dag_processing import dagbag

        module: Any = dagbag
        write = dagbag.sync_bag_to_db
    except (ImportError, AttributeError):
        log.debug("the DAGs are written before each test", exc_info=True)
        return
    written: set[Hashable] = set()

    def written_once(bag: Any, bundle_name: Hashable, *given: Any, **named: Any) -> None:
        if bundle_name not in written:
            write(bag, bundle_name, *given, **named)
            written.add(bundle_name)

    module.sync_bag_to_db = written_once
