"""What Thermocline adds to Airflow itself; registered by entry point, not by file."""

from airflow.plugins_manager import AirflowPlugin

from thermocline.orchestration.precedence import Precedence


class ThermoclinePlugin(AirflowPlugin):
    """The order in which tasks get the warehouse; operators and triggers are imported by path."""

    name = "thermocline"
    priority_weight_strategies = [Precedence]  # noqa: RUF012
