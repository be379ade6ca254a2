with int_temperatures_published as (
    select
        account_id,
        temperature,
        valid_from,
        valid_to,
        lead(temperature) over (partition by account_id order by valid_from) as next_temperature
    from {{ ref('int_temperatures_published') }}
),

earlier_years as (
    {%- for years in range(1, 11) %}
    select cast({{ dbt.dateadd('year', -years, as_of_date()) }} as date) as same_day
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}
)

-- Cold on this day of an earlier year, and hot again within the 180 days after.
select distinct int_temperatures_published.account_id
from int_temperatures_published
inner join earlier_years
    on
        int_temperatures_published.valid_from <= earlier_years.same_day
        and int_temperatures_published.valid_to > earlier_years.same_day
where
    int_temperatures_published.temperature = 'cold'
    and int_temperatures_published.next_temperature = 'hot'
    and {{ days_between('earlier_years.same_day', 'int_temperatures_published.valid_to') }} <= 180
