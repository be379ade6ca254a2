with rates as (
    select
        'config' as source,
        'config/exchange_rates.csv' as source_file,
        cast(null as bigint) as source_row,
        cast(null as varchar) as delivery_id,
        upper(currency) as currency,
        upper(base_currency) as base_currency,
        rate_on
    from {{ source('config', 'exchange_rates') }}
    union all
    select
        files.source,
        files.source_file,
        exchange_rates.source_row,
        files.delivery_key as delivery_id,
        upper(exchange_rates.currency) as currency,
        upper(exchange_rates.base_currency) as base_currency,
        exchange_rates.rate_on
    from {{ source('raw', 'exchange_rates') }} as exchange_rates
    inner join {{ source('raw', 'files') }} as files on exchange_rates.file_id = files.file_id
),

bridges as (
    select distinct
        base_currency,
        rate_on
    from rates
    where currency = '{{ var("reporting_currency") }}'
)

select
    rates.source,
    rates.source_file,
    rates.source_row,
    rates.delivery_id,
    rates.currency,
    rates.base_currency,
    rates.rate_on
from rates
left join bridges
    on
        rates.base_currency = bridges.base_currency
        and rates.rate_on = bridges.rate_on
where
    rates.base_currency <> '{{ var("reporting_currency") }}'
    and rates.currency <> '{{ var("reporting_currency") }}'
    and rates.currency <> rates.base_currency
    and bridges.base_currency is null
