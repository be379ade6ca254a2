"""The Airflow assets that the DAGs update; schedules of other DAGs may depend on them."""

from airflow.sdk import Asset

CRM_EXPORTS = Asset("crm_exports")
BILLING_EXPORTS = Asset("billing_exports")
SEGMENTS = Asset("segments")
