{{ config(materialized='table') }}

with source as (
    {{ with_lookups('payments', ['customer_id'], [
        'payment_id', 'invoice_id', 'paid_at', 'amount', 'currency', 'method', 'refunded_payment_id', 'intent_id', 'rate_to_base', 'rate_from_base', 'rate_base', 'updated_at'
    ]) }}
),

versions as (
    {{ current_version('payments') }}
),

renamed as (
    select
        record_id as payment_id,
        payment_id as document_id,
        source || ':' || invoice_id as invoice_id,
        source || ':' || customer_id as billing_customer_id,
        source || ':' || refunded_payment_id as refunded_payment_id,
        source || ':' || intent_id as intent_id,
        method,
        upper(currency) as currency,
        amount as document_amount,
        -- What no currency is worth is no rate.
        case when rate_to_base < 1000000 then rate_to_base end as rate_to_base,
        case when rate_from_base > 0.000001 then rate_from_base end as rate_from_base,
        upper(rate_base) as rate_base,
        {{ reporting_date('paid_at') }} as paid_on,
        paid_at,
        updated_at,
        source,
        source_file,
        source_row,
        delivery_id,
        is_latest as is_current,
        is_absent as is_deleted
    from versions
)

select * from renamed
