"""How Airflow runs Thermocline: settings, waits, steps, manual runs, one service.

Input: DAG runs. Output: calls of the stages, and how each ended.
The DAG files import it; `command` runs the DAGs through it.
"""
