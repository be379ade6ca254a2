-- Two overrides of one day contradict each other. Given for two ids that lead to one account by now, they pass
-- admission, which reads ids as they were written: end one of them in config/overrides.csv, whose rows are named.
select
    overrides.account_id,
    overrides.row_number as overrides_row,
    others.row_number as overlaps_row
from {{ ref('int_overrides_given') }} as overrides
inner join {{ ref('int_overrides_given') }} as others
    on
        overrides.account_id = others.account_id
        and overrides.row_number > others.row_number
        and overrides.valid_until >= others.valid_from
        and overrides.valid_from <= others.valid_until
