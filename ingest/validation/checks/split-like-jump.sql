-- claim: no close moves by a common split ratio without a corporate action
-- severity: soft
-- job: prices-daily
-- why: A split that was not declared moves price and share volume, and leaves the money traded as it was. A
--      ratio of twenty or more counts whatever was traded: no news moves a price so far.
with bars as (
  select p.security_id, p.trade_date, p.close, p.volume, lag(p.close) over w as before_close
  from stocks_research.prices_daily p
  window w as (partition by p.security_id order by p.trade_date)
), moves as materialized (
  select b.*, s.source_id, b.close / b.before_close as growth
  from (
    -- Few bars move so much; only those have their neighbours looked up.
    select *
    from bars
    where close > 1.15 * before_close or close < 0.87 * before_close
    offset 0) b
  join stocks_research.securities s using (security_id)
  cross join lateral (
    select max(p.trade_date) as before_date
    from stocks_research.prices_daily p
    where p.security_id = b.security_id and p.trade_date < b.trade_date) l
  cross join lateral (
    select min(p.trade_date) as after_date
    from stocks_research.prices_daily p
    where p.security_id = b.security_id and p.trade_date > b.trade_date) n
  where true
    -- A declared action explains a move of the raw close, or another check judges it.
    and not exists (
      select
      from stocks_research.corporate_actions a
      where a.security_id = b.security_id
        and a.ex_date > l.before_date - 3
        and a.ex_date <= coalesce(n.after_date, b.trade_date) + 3
        and a.kind not in ('name_change', 'delisting'))
), traded as (
  -- The money traded, as a ratio to the mean of the twenty sessions before.
  select m.*, m.close * m.volume / nullif(u.usual, 0) as traded_ratio
  from moves m
  cross join lateral (
    select avg(r.close * r.volume) as usual
    from (
      select p.close, p.volume
      from stocks_research.prices_daily p
      where p.security_id = m.security_id and p.trade_date < m.trade_date
      order by p.trade_date desc
      limit 20) r) u
)
select distinct on (m.source_id, m.trade_date)
  m.source_id as subject,
  m.trade_date,
  m.before_close,
  m.close,
  k.ratio as like_split,
  round(m.traded_ratio, 2) as traded_ratio
from traded m
join (
  values (1.5), (2), (3), (4), (5), (6), (7), (8), (10), (15), (20), (25), (30), (50), (100)) k (ratio)
  on abs(m.growth * k.ratio - 1) < 0.06 or abs(m.growth / k.ratio - 1) < 0.06
where (m.traded_ratio is null or m.traded_ratio between 0.2 and 2 or k.ratio >= 20)
order by m.source_id, m.trade_date, least(abs(m.growth * k.ratio - 1), abs(m.growth / k.ratio - 1))
