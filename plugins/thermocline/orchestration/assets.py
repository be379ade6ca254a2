"""The assets that the DAGs hand to each other and to others."""

from airflow.sdk import Asset

CRM_EXPORTS = Asset("crm_exports")
BILLING_EXPORTS = Asset("billing_exports")
SEGMENTS = Asset("segments")
