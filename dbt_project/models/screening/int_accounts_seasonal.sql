with int_temperatures_published as (
    select
        account_id,
        temperature,
        valid_from,
        valid_to,
        lead(temperature) over (partition by account_id order by valid_from) as next_temperature
    from {{ ref('int_temperatures_published') }}
),

years_back as (
    select cast(years as integer) as years
    from (values (1), (2), (3), (4), (5), (6), (7), (8), (9), (10)) as spine (years)
)

-- Cold on this day of an earlier year, and hot again within the 180 days after.
select distinct int_temperatures_published.account_id
from int_temperatures_published
inner join years_back
    on
        int_temperatures_published.valid_from <= {{ dbt.dateadd('year', '-years_back.years', as_of_date()) }}
        and int_temperatures_published.valid_to > {{ dbt.dateadd('year', '-years_back.years', as_of_date()) }}
where
    int_temperatures_published.temperature = 'cold'
    and int_temperatures_published.next_temperature = 'hot'
    and {{ days_between(
        'cast(' ~ dbt.dateadd('year', '-years_back.years', as_of_date()) ~ ' as date)',
        'int_temperatures_published.valid_to'
    ) }} <= 180
