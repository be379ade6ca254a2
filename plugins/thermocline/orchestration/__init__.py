"""How Airflow runs Thermocline: settings, waits, steps, one run by hand, one service."""
