-- For each security: its bars of both providers, those that only one has, and how far the closes differ.
with bars as materialized (
  select source_id, trade_date, o.close as old_close, n.close as new_close,
    (o.open, o.high, o.low, o.volume) is distinct from (n.open, n.high, n.low, n.volume) as others_differ
  from compared.old_bars o
  full join compared.new_bars n using (source_id, trade_date)
)
select source_id,
  count(old_close)::integer as old_count,
  count(new_close)::integer as new_count,
  count(*) filter (where new_close is null)::integer as lost_count,
  count(*) filter (where old_close is null)::integer as gained_count,
  count(*) filter (where old_close <> new_close)::integer as close_differs_count,
  count(*) filter (where abs(new_close / old_close - 1) > $1::numeric)::integer as close_is_far_count,
  round(max(abs(new_close / old_close - 1)), 6)::text as largest_difference,
  count(*) filter (where old_close = new_close and others_differ)::integer as others_differ_count
from bars
group by source_id
order by source_id collate "C"
