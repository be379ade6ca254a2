{{ config(
    materialized='incremental', incremental_strategy='rewrite', on_schema_change='fail',
    meta={'rewrites': 'sold'}
) }}

{%- set notes = source('config', 'invoices_changed') %}

with {% if is_incremental() -%}
invoices_changed as (
    {{ invoices_changed() }}
),

-- What an invoice adds is added to what stands; where one goes, all that its account bought is summed again.
accounts_undone as (
    {{ accounts_undone() }}
),

-- Joined and not looked for with `in`, of which DuckDB expects a fifth of all rows, whatever they are.
fct_invoices as (
    select added.*
    from invoices_changed as added
    left join accounts_undone on added.account_id = accounts_undone.account_id
    where
        added.change > 0
        and accounts_undone.account_id is null
    union all
    select
        {{ columns_of_sales('standing') }},
        1 as change
    from {{ ref('fct_invoices') }} as standing
    inner join accounts_undone on standing.account_id = accounts_undone.account_id
    where standing.money_state = 'attributed'
),
{%- else -%}
fct_invoices as (
    select {{ columns_of_sales() }}
    from {{ ref('fct_invoices') }}
    where money_state = 'attributed'
),
{%- endif %}

-- By their document first, which is looked for while they are read; by its source as well it isn't.
stg_billing__invoice_lines as (
    select * from {{ ref('stg_billing__invoice_lines') }}
    where
        is_current
        and product_code is not null
        {%- if is_incremental() %}
        and document_id in (select document_id from fct_invoices)
        {%- endif %}
),

sold as (
    select
        fct_invoices.account_id,
        stg_billing__invoice_lines.product_code,
        count(
            distinct case when fct_invoices.kind = 'invoice' then fct_invoices.source || ':' || fct_invoices.document_id end
        ) as invoices,
        sum(stg_billing__invoice_lines.quantity) as units,
        sum(
            {{ in_reporting_currency('stg_billing__invoice_lines.amount', 'fct_invoices.currency', 'fct_invoices') }}
        ) as revenue,
        max(stg_billing__invoice_lines.description) as description,
        min(fct_invoices.issued_on) as first_invoice_on,
        max(fct_invoices.issued_on) as last_invoice_on
    from stg_billing__invoice_lines
    inner join fct_invoices
        on
            stg_billing__invoice_lines.source = fct_invoices.source
            and stg_billing__invoice_lines.document_id = fct_invoices.document_id
    group by fct_invoices.account_id, stg_billing__invoice_lines.product_code
)

{%- if is_incremental() %},

parts as (
    select * from sold
    union all
    select
        standing.account_id,
        standing.product_code,
        standing.invoices,
        standing.units,
        standing.revenue,
        standing.description,
        standing.first_invoice_on,
        standing.last_invoice_on
    from {{ this }} as standing
    inner join sold
        on
            standing.account_id = sold.account_id
            and standing.product_code = sold.product_code
    left join accounts_undone on standing.account_id = accounts_undone.account_id
    where accounts_undone.account_id is null
)

select
    account_id,
    product_code,
    cast(sum(invoices) as integer) as invoices,
    cast(sum(units) as decimal(18, 4)) as units,
    cast(sum(revenue) as decimal(18, 4)) as revenue,
    max(description) as description,
    min(first_invoice_on) as first_invoice_on,
    max(last_invoice_on) as last_invoice_on
from parts
group by account_id, product_code
{%- else %}

select
    account_id,
    product_code,
    cast(invoices as integer) as invoices,
    cast(units as decimal(18, 4)) as units,
    cast(revenue as decimal(18, 4)) as revenue,
    description,
    first_invoice_on,
    last_invoice_on
from sold
{%- endif %}
