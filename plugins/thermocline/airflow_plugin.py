"""What Thermocline adds to Airflow itself; registered by entry point, not by file."""

from airflow.plugins_manager import AirflowPlugin


class ThermoclinePlugin(AirflowPlugin):
    """Names Thermocline among Airflow's plugins; its operators and triggers are imported by path."""

    name = "thermocline"
