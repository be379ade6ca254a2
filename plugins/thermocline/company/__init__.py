"""The company a home belongs to: its settings, its configuration tables, its secrets.

Enters: `config/company.yml`, `config/*.csv`, Airflow connections. Leaves: typed settings and tables of
schema `config`.
Every later stage may read it; only `command` adds rows to it.
"""
