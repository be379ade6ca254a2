with stg_billing__payments as (
    select * from {{ ref('stg_billing__payments') }}
    where
        is_current
        and not is_deleted
),

fct_invoices as (
    select * from {{ ref('fct_invoices') }}
),

int_customers_linked as (
    select * from {{ ref('int_customers_linked') }}
),

stg_billing__exchange_rates as (
    select * from {{ ref('stg_billing__exchange_rates') }}
)

select
    stg_billing__payments.payment_id,
    stg_billing__payments.document_id,
    stg_billing__payments.invoice_id,
    coalesce(fct_invoices.account_id, int_customers_linked.account_id) as account_id,
    stg_billing__payments.method,
    stg_billing__payments.currency,
    stg_billing__payments.document_amount,
    {{ in_reporting_currency(
        'stg_billing__payments.document_amount', 'stg_billing__payments.currency', 'stg_billing__exchange_rates'
    ) }} as amount,
    stg_billing__payments.paid_on,
    stg_billing__payments.paid_at,
    stg_billing__payments.source,
    stg_billing__payments.source_file,
    stg_billing__payments.source_row
from stg_billing__payments
left join fct_invoices on stg_billing__payments.invoice_id = fct_invoices.invoice_id
left join int_customers_linked
    on stg_billing__payments.billing_customer_id = int_customers_linked.billing_customer_id
left join stg_billing__exchange_rates
    on {{ rate_in_force('stg_billing__exchange_rates', 'stg_billing__payments.currency', 'stg_billing__payments.paid_on') }}
