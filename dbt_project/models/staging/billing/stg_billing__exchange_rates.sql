with source as (
    select
        rate_on,
        upper(currency) as currency,
        upper(base_currency) as base_currency,
        rate,
        0 as file_position,
        2 as precedence
    from {{ source('config', 'exchange_rates') }}
    union all
    select
        rates.rate_on,
        upper(rates.currency) as currency,
        upper(rates.base_currency) as base_currency,
        rates.rate,
        files.file_position,
        1 as precedence
    from {{ source('raw', 'exchange_rates') }} as rates
    inner join {{ ref('int_files_ordered') }} as files on rates.file_id = files.file_id
),

ranked as (
    select
        *,
        row_number() over (
            partition by currency, base_currency, rate_on
            order by precedence desc, file_position desc, rate desc
        ) as version_rank
    from source
    where
        currency <> base_currency
        and rate > 0
),

quoted as (
    select
        currency,
        base_currency,
        rate,
        rate_on
    from ranked
    where version_rank = 1
),

-- What one unit of the reporting currency is worth in another base.
bridges as (
    select
        base_currency,
        rate as reporting_rate,
        rate_on
    from quoted
    where currency = '{{ var("reporting_currency") }}'
),

crossed as (
    select
        currency,
        rate,
        rate_on,
        1 as precedence,
        base_currency
    from quoted
    where base_currency = '{{ var("reporting_currency") }}'
    union all
    select
        quoted.currency,
        cast(
            round(cast(quoted.rate as double) / cast(bridges.reporting_rate as double), 8) as decimal(18, 8)
        ) as rate,
        quoted.rate_on,
        2 as precedence,
        quoted.base_currency
    from quoted
    inner join bridges
        on
            quoted.base_currency = bridges.base_currency
            and quoted.rate_on = bridges.rate_on
    where quoted.currency <> '{{ var("reporting_currency") }}'
    union all
    select
        base_currency as currency,
        cast(round(1 / cast(reporting_rate as double), 8) as decimal(18, 8)) as rate,
        rate_on,
        3 as precedence,
        base_currency
    from bridges
),

preferred as (
    select
        *,
        row_number() over (partition by currency, rate_on order by precedence, base_currency) as preference
    from crossed
    where rate > 0
),

renamed as (
    select
        currency,
        rate,
        rate_on
    from preferred
    where preference = 1
)

select * from renamed
