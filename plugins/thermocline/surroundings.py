"""Environment variables of other projects, which change nothing here."""

import os
from collections.abc import Mapping

OF_DBT = ("DBT_",)
OF_GREAT_EXPECTATIONS = ("GX_", "GE_")
OF_OTHERS = (*OF_DBT, *OF_GREAT_EXPECTATIONS, "AIRFLOW_", "PYTHON")
OF_THE_COMPANY = ("AIRFLOW_CONN_", "AIRFLOW__SECRETS__")
"""Credentials may be given in the environment, or by a secrets backend that it names."""


def without_others(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that a process of ours may see: not those which configure its libraries."""
    return {
        name: value
        for name, value in variables.items()
        if not name.startswith(OF_OTHERS) or name.startswith(OF_THE_COMPANY)
    }


def forget(prefixes: tuple[str, ...]) -> None:
    """Remove from this process the variables that begin so, before the library they configure runs in it."""
    for name in [name for name in os.environ if name.startswith(prefixes)]:
        del os.environ[name]
