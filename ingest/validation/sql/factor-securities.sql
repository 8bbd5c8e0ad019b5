-- Securities with bars. as_of: the end of the window of the run that last derived their factors.
select
  s.security_id::text,
  s.source_id,
  s.currency,
  nullif(
    least(
      s.delist_date,
      (
        select max(coalesce(t.valid_to, 'infinity'))
        from stocks_research.ticker_history t
        where t.security_id = s.security_id)),
    'infinity')::text as last_listed,
  coalesce(
    (
      select i.end_date
      from ingestion.items i
      where i.job = 'adjustment-factors' and i.item = s.source_id and i.status = 'ok'
      order by i.item_id desc
      limit 1),
    (select max(p.trade_date) from stocks_research.prices_daily p)) as as_of
from stocks_research.securities s
where exists (select from stocks_research.prices_daily p where p.security_id = s.security_id)
order by s.security_id
