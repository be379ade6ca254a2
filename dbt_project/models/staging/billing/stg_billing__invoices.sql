{{ config(materialized='table') }}

with source as (
    {{ with_lookups('invoices', ['customer_id'], [
        'invoice_id', 'issued_at', 'due_at', 'currency', 'total', 'status', 'kind', 'credited_invoice_id', 'open_balance', 'is_sum_of_lines', 'rate_to_base', 'rate_from_base', 'rate_base', 'updated_at'
    ]) }}
),

versions as (
    {{ current_version('invoices') }}
),

renamed as (
    select
        record_id as invoice_id,
        invoice_id as document_id,
        source || ':' || customer_id as billing_customer_id,
        customer_id as customer_code,
        source || ':' || credited_invoice_id as credited_invoice_id,
        kind,
        case when is_absent then 'void' else coalesce(status, 'open') end as status,
        upper(currency) as currency,
        total as document_total,
        open_balance as document_open_balance,
        coalesce(is_sum_of_lines, false) as is_sum_of_lines,
        -- What no currency is worth is no rate.
        case when rate_to_base < 1000000 then rate_to_base end as rate_to_base,
        case when rate_from_base > 0.000001 then rate_from_base end as rate_from_base,
        upper(rate_base) as rate_base,
        {{ reporting_date('issued_at') }} as issued_on,
        {{ reporting_date('due_at') }} as due_on,
        issued_at,
        updated_at,
        source,
        source_file,
        source_row,
        delivery_id,
        is_latest as is_current
    from versions
)

select * from renamed
