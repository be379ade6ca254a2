"""What Airflow hands to tasks, and the states a home can be in."""

from types import SimpleNamespace
from typing import Any

from thermocline.home import Home


class Instance(SimpleNamespace):
    """A task instance that knows the run before, and how many tasks wait elsewhere."""

    dag_id = "extract_crm"
    previous: Any = None
    waiting = 0

    def get_previous_dagrun(self) -> Any:
        return self.previous

    def get_ti_count(self, dag_id: str, task_ids: list[str], states: list[str]) -> int:
        assert (dag_id, set(task_ids)) == ("screen_accounts", {"wait_for_crm", "wait_for_billing"})
        assert states == ["deferred"]
        return self.waiting


def context(run_type: str, day: str | None = None, as_of: str | None = None, **facts: Any) -> Any:
    """The context of a task in a run of this type, with this partition key and parameter."""
    return {
        "dag_run": SimpleNamespace(run_type=run_type, partition_key=day),
        "params": {"as_of": as_of},
        "ti": Instance(**facts),
    }


def settle(home: Home, zone: str = "UTC", hour: int = 6) -> None:
    """Write the company's time zone and screening hour."""
    (home.config / "company.yml").write_text(
        f"reporting_currency: EUR\ntime_zone: {zone}\nscreening_hour: {hour}\n"
    )


def cover(home: Home, system: str, day: str) -> None:
    """Let the landed deliveries of `system` cover `day`."""
    (home.landing / "covered").mkdir(exist_ok=True)
    (home.landing / "covered" / system).write_text(f"{day}\n")
