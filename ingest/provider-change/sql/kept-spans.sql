-- Spans of consecutive bars of the former provider that the new one does not have.
with old_bars as materialized (
  select source_id, trade_date, n.source_id is null as is_kept,
    row_number() over (partition by source_id order by trade_date)
      - row_number() over (partition by source_id, n.source_id is null order by trade_date) as span_no
  from compared.old_bars o
  left join compared.new_bars n using (source_id, trade_date)
)
select source_id, min(trade_date)::text as first_date, max(trade_date)::text as last_date
from old_bars
where is_kept
group by source_id, span_no
order by source_id collate "C", min(trade_date)
