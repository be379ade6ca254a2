with source as (
    select
        rate_on,
        upper(currency) as currency,
        upper(base_currency) as base_currency,
        rate,
        '' as delivery_key,
        2 as precedence
    from {{ source('config', 'exchange_rates') }}
    union all
    select
        rates.rate_on,
        upper(rates.currency) as currency,
        upper(rates.base_currency) as base_currency,
        rates.rate,
        coalesce(files.delivery_key, '') as delivery_key,
        1 as precedence
    from {{ source('raw', 'exchange_rates') }} as rates
    inner join {{ source('raw', 'files') }} as files on rates.file_id = files.file_id
),

ranked as (
    select
        *,
        row_number() over (
            partition by currency, rate_on
            order by precedence desc, delivery_key desc, rate desc
        ) as version_rank
    from source
    where
        base_currency = '{{ var("reporting_currency") }}'
        and rate > 0
),

renamed as (
    select
        currency,
        rate,
        rate_on,
        lead(rate_on) over (partition by currency order by rate_on) as superseded_on
    from ranked
    where version_rank = 1
)

select * from renamed
