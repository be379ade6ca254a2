with stg_billing__payments as (
    select * from {{ ref('stg_billing__payments') }}
    where
        is_current
        and not is_deleted
),

-- What refunds give back: they need not name an invoice or a customer.
refunded_payments as (
    select
        payment_id,
        invoice_id,
        billing_customer_id,
        intent_id
    from {{ ref('stg_billing__payments') }}
    where
        is_current
        and not is_deleted
        and document_amount > 0
),

payments_by_intent as (
    select
        intent_id,
        min(payment_id) as payment_id
    from refunded_payments
    where intent_id is not null
    group by intent_id
),

owned_payments as (
    select
        stg_billing__payments.payment_id,
        stg_billing__payments.document_id,
        stg_billing__payments.method,
        stg_billing__payments.currency,
        stg_billing__payments.document_amount,
        stg_billing__payments.rate_to_base,
        stg_billing__payments.rate_from_base,
        stg_billing__payments.rate_base,
        stg_billing__payments.paid_on,
        stg_billing__payments.paid_at,
        stg_billing__payments.source,
        stg_billing__payments.source_file,
        stg_billing__payments.source_row,
        coalesce(stg_billing__payments.invoice_id, refunded_payments.invoice_id) as invoice_id,
        coalesce(stg_billing__payments.billing_customer_id, refunded_payments.billing_customer_id) as billing_customer_id
    from stg_billing__payments
    left join payments_by_intent
        on
            stg_billing__payments.intent_id = payments_by_intent.intent_id
            and stg_billing__payments.document_amount < 0
    left join refunded_payments
        on coalesce(stg_billing__payments.refunded_payment_id, payments_by_intent.payment_id) = refunded_payments.payment_id
),

fct_invoices as (
    select
        invoice_id,
        account_id,
        currency,
        status
    from {{ ref('fct_invoices') }}
),

int_customers_linked as (
    select * from {{ ref('int_customers_linked') }}
),

stg_billing__exchange_rates as (
    select * from {{ ref('stg_billing__exchange_rates') }}
),

rates_in_force as (
    {{ rates_in_force('stg_billing__exchange_rates', 'stg_billing__payments', 'paid_on') }}
),

attributed_payments as (
    select
        owned_payments.payment_id,
        owned_payments.document_id,
        owned_payments.invoice_id,
        owned_payments.method,
        owned_payments.document_amount,
        owned_payments.rate_to_base,
        owned_payments.rate_from_base,
        owned_payments.rate_base,
        owned_payments.paid_on,
        owned_payments.paid_at,
        owned_payments.source,
        owned_payments.source_file,
        owned_payments.source_row,
        fct_invoices.status as invoice_status,
        coalesce(fct_invoices.account_id, int_customers_linked.account_id) as account_id,
        -- A payment that names no currency is in that of its invoice.
        coalesce(owned_payments.currency, fct_invoices.currency) as currency
    from owned_payments
    left join fct_invoices on owned_payments.invoice_id = fct_invoices.invoice_id
    left join int_customers_linked
        on owned_payments.billing_customer_id = int_customers_linked.billing_customer_id
),

rated_payments as (
    select
        attributed_payments.*,
        {{ rate_of_document('attributed_payments', 'rates_in_force', 'base_rates_in_force') }} as rate,
        {{ divisor_of_document('attributed_payments') }} as divisor
    from attributed_payments
    left join rates_in_force
        on
            attributed_payments.currency = rates_in_force.currency
            and attributed_payments.paid_on = rates_in_force.in_force_on
    left join rates_in_force as base_rates_in_force
        on
            attributed_payments.rate_base = base_rates_in_force.currency
            and attributed_payments.paid_on = base_rates_in_force.in_force_on
)

select
    rated_payments.payment_id,
    rated_payments.document_id,
    rated_payments.invoice_id,
    rated_payments.invoice_status,
    rated_payments.account_id,
    rated_payments.method,
    rated_payments.currency,
    rated_payments.document_amount,
    {{ valued('rated_payments.document_amount', 'rated_payments') }} as amount,
    rated_payments.paid_on,
    rated_payments.paid_at,
    rated_payments.source,
    rated_payments.source_file,
    rated_payments.source_row
from rated_payments
