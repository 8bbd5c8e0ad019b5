-- claim: no close stays the same for five sessions or more while shares are traded
-- severity: soft
-- job: prices-daily
-- why: Sources fill days that they do not have with the close before. A halted security keeps its close too,
--      but has no volume.
with marked as (
  select
    p.security_id,
    p.trade_date,
    p.close,
    p.volume,
    row_number() over w as bar,
    lag(p.close) over w as before_close
  from stocks_research.prices_daily p
  window w as (partition by p.security_id order by p.trade_date)
), repeats as (
  -- Few bars repeat a close; only those are numbered a second time, and have their bar before looked up.
  select m.*, b.trade_date as before_date, b.volume as before_volume,
    m.bar - row_number() over (partition by m.security_id order by m.bar) as island
  from marked m
  cross join lateral (
    select p.trade_date, p.volume
    from stocks_research.prices_daily p
    where p.security_id = m.security_id and p.trade_date < m.trade_date
    order by p.trade_date desc
    limit 1) b
  where m.close = m.before_close
)
select
  s.source_id as subject,
  min(r.before_date) as first_date,
  max(r.trade_date) as last_date,
  r.close,
  count(*) + 1 as sessions_count
from repeats r
join stocks_research.securities s using (security_id)
group by s.source_id, r.island, r.close
having count(*) >= 4
  and bool_or(r.volume > 0 or r.before_volume > 0)
