{{ config(
    materialized='incremental', incremental_strategy='rewrite', on_schema_change='fail',
    meta={'rewrites': 'builds'}
) }}

with run as (
    select * from {{ source('config', 'run') }}
),

int_documents_delivered as (
    select * from {{ ref('int_documents_delivered') }}
),

int_invoices_united as {{ inlined() }} (
    select * from {{ ref('int_invoices_united') }}
),

stg_billing__payments as {{ inlined() }} (
    select * from {{ ref('stg_billing__payments') }}
    where is_current
),

stg_crm__opportunities as {{ inlined() }} (
    select * from {{ ref('stg_crm__opportunities') }}
    where is_current
),

stg_crm__communications as {{ inlined() }} (
    select * from {{ ref('stg_crm__communications') }}
    where is_current
),

stg_crm__feedback as {{ inlined() }} (
    select * from {{ ref('stg_crm__feedback') }}
    where is_current
),

customers_relinked as (
    select coalesce(now_linked.billing_customer_id, built_linked.billing_customer_id) as billing_customer_id
    from {{ ref('int_customers_linked') }} as now_linked
    full outer join {{ source('config', 'built_customers_linked') }} as built_linked
        on now_linked.billing_customer_id = built_linked.billing_customer_id
    where
        now_linked.account_id is distinct from built_linked.account_id
        or now_linked.linked_by is distinct from built_linked.linked_by
),

crm_accounts_moved as (
    select coalesce(now_merged.crm_account_id, built_merged.crm_account_id) as crm_account_id
    from {{ ref('int_accounts_merged') }} as now_merged
    full outer join {{ source('config', 'built_accounts_merged') }} as built_merged
        on now_merged.crm_account_id = built_merged.crm_account_id
    where now_merged.account_id is distinct from built_merged.account_id
),

rates_changed as (
    select
        currency,
        min(rate_on) as changed_from
    from (
        (
            select
                currency,
                rate,
                rate_on
            from {{ ref('stg_billing__exchange_rates') }}
            except
            select
                currency,
                rate,
                rate_on
            from {{ source('config', 'built_exchange_rates') }}
        )
        union all
        (
            select
                currency,
                rate,
                rate_on
            from {{ source('config', 'built_exchange_rates') }}
            except
            select
                currency,
                rate,
                rate_on
            from {{ ref('stg_billing__exchange_rates') }}
        )
    ) as differences
    group by currency
),

invoices_touched as (
    select
        record_id as invoice_id,
        recorded_on as issued_on
    from int_documents_delivered
    where feed = 'invoices'
    union
    select
        invoice_id,
        issued_on
    from int_invoices_united
    where billing_customer_id in (select billing_customer_id from customers_relinked)
    union
    select
        invoice_id,
        issued_on
    from int_invoices_united
    where {{ comes_into_sight('issued_on') }}
    union
    select
        int_invoices_united.invoice_id,
        int_invoices_united.issued_on
    from int_invoices_united
    inner join rates_changed
        on
            int_invoices_united.currency = rates_changed.currency
            and int_invoices_united.issued_on >= rates_changed.changed_from
),

-- What one credit takes back depends on its invoice and on the other credits of it, as they were and as they are.
invoices_credited as (
    select invoice_id from invoices_touched
    union
    select credited_invoice_id from int_invoices_united
    where
        credited_invoice_id is not null
        and invoice_id in (select invoice_id from invoices_touched)
        and issued_on in (select issued_on from invoices_touched)
    union
    select credited_invoice_id from {{ ref('stg_billing__invoices') }}
    where
        credited_invoice_id is not null
        and {{ is_delivered('int_documents_delivered', 'invoices', 'document_id', 'issued_on') }}
    union
    select credited_invoice_id from {{ ref('stg_billing__invoice_lines') }}
    where
        credited_invoice_id is not null
        and {{ is_delivered('int_documents_delivered', 'invoices', 'document_id', 'file_id') }}
),

invoices_and_credits_touched as (
    select
        invoice_id,
        issued_on
    from invoices_touched
    union
    select
        invoice_id,
        issued_on
    from int_invoices_united
    where credited_invoice_id in (select invoice_id from invoices_credited)
),

payments_touched as (
    select
        record_id as payment_id,
        recorded_on as paid_on
    from int_documents_delivered
    where feed = 'payments'
    union
    select
        payment_id,
        paid_on
    from stg_billing__payments
    where billing_customer_id in (select billing_customer_id from customers_relinked)
    union
    select
        payment_id,
        paid_on
    from stg_billing__payments
    where invoice_id in (select invoice_id from invoices_and_credits_touched)
    union
    select
        payment_id,
        paid_on
    from stg_billing__payments
    where {{ comes_into_sight('paid_on') }}
    union
    select
        stg_billing__payments.payment_id,
        stg_billing__payments.paid_on
    from stg_billing__payments
    inner join rates_changed
        on
            stg_billing__payments.currency = rates_changed.currency
            and stg_billing__payments.paid_on >= rates_changed.changed_from
),

-- Each condition by itself, and on each table: of several at once, no row would be left out while they are read.
crm_documents_touched as (
    {%- for feed, table, key, begins_on, ends_on in [
        ('opportunities', 'stg_crm__opportunities', 'opportunity_id', 'opened_on', 'closed_on'),
        ('communications', 'stg_crm__communications', 'communication_id', 'occurred_on', none),
        ('feedback', 'stg_crm__feedback', 'feedback_id', 'given_on', 'resolved_on'),
    ] %}
    {%- set conditions = [
        'crm_account_id in (select crm_account_id from crm_accounts_moved)', comes_into_sight(begins_on)
    ] + ([comes_into_sight(ends_on)] if ends_on else []) %}
    {%- for condition in conditions %}
    select
        '{{ feed }}' as feed,
        {{ key }} as record_id,
        {{ begins_on }} as occurred_on,
        {{ ends_on or 'cast(null as date)' }} as ended_on
    from {{ table }}
    where {{ condition }}
    union
    {%- endfor %}
    {%- endfor %}
    select
        'opportunities' as feed,
        stg_crm__opportunities.opportunity_id as record_id,
        stg_crm__opportunities.opened_on as occurred_on,
        stg_crm__opportunities.closed_on as ended_on
    from stg_crm__opportunities
    inner join rates_changed
        on
            stg_crm__opportunities.currency = rates_changed.currency
            and stg_crm__opportunities.opened_on >= rates_changed.changed_from
),

documents_touched as (
    select
        'invoices' as feed,
        invoice_id as record_id,
        issued_on as touched_on
    from invoices_and_credits_touched
    union
    select
        'payments' as feed,
        payment_id as record_id,
        paid_on as touched_on
    from payments_touched
    union
    select
        feed,
        record_id,
        recorded_on as touched_on
    from int_documents_delivered
    where feed in ('opportunities', 'communications', 'feedback')
    union
    select
        feed,
        record_id,
        occurred_on as touched_on
    from crm_documents_touched
    union
    select
        feed,
        record_id,
        ended_on as touched_on
    from crm_documents_touched
)

select
    run.since_build,
    documents_touched.feed,
    documents_touched.record_id,
    documents_touched.touched_on
from documents_touched
cross join run
where {{ 'true' if is_incremental() else 'false' }}
