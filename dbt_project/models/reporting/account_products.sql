{{ config(
    materialized='incremental', incremental_strategy='rewrite', on_schema_change='fail',
    meta={'rewrites': 'sold', 'frozen': true}
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
        and {{ 'document_id in (select document_id from fct_invoices)' if is_incremental() else 'true' }}
),

-- Numbered, because millions of lines are grouped by them.
accounts as (
    select
        account_id,
        cast(row_number() over (order by account_id) as integer) as account_number
    from (select distinct account_id from fct_invoices) as distinct_accounts
),

invoices as (
    select
        {{ any_number() }} as invoice_number,
        accounts.account_number,
        fct_invoices.source,
        fct_invoices.document_id,
        fct_invoices.kind,
        fct_invoices.currency,
        fct_invoices.rate,
        fct_invoices.issued_on
    from fct_invoices
    inner join accounts on fct_invoices.account_id = accounts.account_id
),

summed_lines as (
    select
        invoices.account_number,
        stg_billing__invoice_lines.product_code,
        count(distinct case when invoices.kind = 'invoice' then invoices.invoice_number end) as invoices,
        sum(stg_billing__invoice_lines.quantity) as units,
        sum({{ in_reporting_currency('stg_billing__invoice_lines.amount', 'invoices.currency', 'invoices') }}) as revenue,
        max(stg_billing__invoice_lines.description) as description,
        min(invoices.issued_on) as first_invoice_on,
        max(invoices.issued_on) as last_invoice_on
    from stg_billing__invoice_lines
    inner join invoices
        on
            stg_billing__invoice_lines.source = invoices.source
            and stg_billing__invoice_lines.document_id = invoices.document_id
    group by invoices.account_number, stg_billing__invoice_lines.product_code
),

sold as (
    select
        accounts.account_id,
        summed_lines.product_code,
        summed_lines.invoices,
        summed_lines.units,
        summed_lines.revenue,
        summed_lines.description,
        summed_lines.first_invoice_on,
        summed_lines.last_invoice_on
    from summed_lines
    inner join accounts on summed_lines.account_number = accounts.account_number
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
