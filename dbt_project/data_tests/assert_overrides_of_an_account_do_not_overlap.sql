-- Two overrides of one day contradict each other. Given for two ids that lead to one account by now, they pass
-- admission, which reads ids as they were written: end one of them in config/overrides.csv.
select
    overrides.account_id,
    overrides.valid_from,
    others.valid_from as overlapped_from
from {{ ref('int_overrides_given') }} as overrides
inner join {{ ref('int_overrides_given') }} as others
    on
        overrides.account_id = others.account_id
        and overrides.valid_until >= others.valid_from
        and overrides.valid_from < others.valid_from
union all
select
    account_id,
    valid_from,
    valid_from as overlapped_from
from {{ ref('int_overrides_given') }}
group by account_id, valid_from
having count(*) > 1
