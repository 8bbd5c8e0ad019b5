-- Deletes the stored intervals that a staged interval of their security overlaps and the source does not
-- state. Returns how many: rows. Two sources, or two windows, may begin one interval on different days.
--   $1, $2 first and last item_no
with stated as (
  select security_id, range_agg(daterange(valid_from, valid_to, '[]')) as days
  from pg_temp.staged
  where item_no between $1 and $2
  group by security_id
),
deleted as (
  delete from stocks_research.ticker_history live
  using stated
  where live.security_id = stated.security_id
    and daterange(live.valid_from, live.valid_to, '[]') && stated.days
    and not exists (
      select from pg_temp.staged same
      where same.security_id = live.security_id and same.valid_from = live.valid_from
    )
  returning live.ctid
)
select count(*)::integer as rows
from deleted
