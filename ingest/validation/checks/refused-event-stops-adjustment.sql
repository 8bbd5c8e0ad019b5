-- claim: no factor is given before a corporate action that was rejected
-- severity: hard
-- job: adjustment-factors
-- why: The source reported the action and its terms are not known, so earlier adjusted values are not known
--      either. Actions after the end of a listing, before its first bar or after the day as of which the
--      factors were made do not count, nor do those after the last bar of a listing that ended: they pay its
--      holders.
select
  s.source_id as subject,
  r.ex_date,
  r.kind,
  r.reason,
  f.first_date,
  f.last_date,
  f.price_factor,
  f.total_return_factor,
  f.split_numerator
from stocks_research.refused_events r
join stocks_research.securities s using (security_id)
cross join lateral (
  select i.end_date as as_of
  from ingestion.items i
  where i.job = 'adjustment-factors' and i.item = s.source_id and i.status = 'ok'
  order by i.item_id desc
  limit 1) d
cross join lateral (
  select coalesce(
    least(
      s.delist_date,
      (
        select max(coalesce(t.valid_to, 'infinity'))
        from stocks_research.ticker_history t
        where t.security_id = s.security_id)),
    'infinity') as last_listed) l
left join lateral (
  select c.session_date
  from stocks_research.trading_sessions c
  where c.session_date >= r.ex_date
  order by 1
  limit 1) x on true
join stocks_research.adjustment_factors f on f.security_id = r.security_id
  and (r.ex_date is null or f.first_date < x.session_date)
where r.kind not in ('merger', 'name_change', 'delisting')
  and (
    f.price_factor is not null
    or f.total_return_factor is not null
    or (f.split_numerator is not null and r.kind in ('split', 'stock_dividend', 'unknown')))
  and coalesce(r.declared_date, '-infinity') <= d.as_of
  and (
    r.ex_date is null
    or (
      x.session_date <= d.as_of
      -- A listing ends with the delisting, or with its last ticker; and it begins with the first bar.
      and x.session_date <= l.last_listed
      and not (
        (r.kind = 'liquidation' or (l.last_listed <= d.as_of and l.last_listed - 90 <= (
          select max(p.trade_date)
          from stocks_research.prices_daily p
          where p.security_id = r.security_id and p.trade_date <= d.as_of)))
        and x.session_date > (
          select max(p.trade_date)
          from stocks_research.prices_daily p
          where p.security_id = r.security_id and p.trade_date <= d.as_of))
      and x.session_date > (
        select min(p.trade_date)
        from stocks_research.prices_daily p
        where p.security_id = r.security_id)))
