-- The events that only one provider has. is_replaced: one of the former provider that would be applied
-- beside those of the new one, because the new one has bars before and after it and reports such events.
-- changes_prices: whether adjusted prices of stored bars follow from it.
with old_span as materialized (
  select source_id, min(trade_date) as first_date, max(trade_date) as last_date
  from compared.old_bars
  group by source_id
),
new_span as materialized (
  select source_id, min(trade_date) as first_date, max(trade_date) as last_date
  from compared.new_bars
  group by source_id
),
events as materialized (
  select source_id, ex_date, kind, action_key, occurrence,
    coalesce(o.family, n.family) as family,
    o.source_id is not null as is_old,
    n.source_id is not null as is_new
  from compared.old_events o
  full join compared.new_events n using (source_id, ex_date, kind, action_key, occurrence)
)
select e.source_id, e.ex_date::text, e.kind, e.action_key, e.occurrence,
  case when e.is_old then 'lost' else 'gained' end as verdict,
  e.family is not null and e.ex_date > s.first_date as changes_prices,
  e.is_old
    and e.family in (select family from compared.new_events)
    and e.ex_date between n.first_date and n.last_date as is_replaced
from events e
left join old_span s using (source_id)
left join new_span n using (source_id)
where e.is_old <> e.is_new
order by e.source_id collate "C", e.ex_date, e.kind, e.action_key collate "C", e.occurrence
