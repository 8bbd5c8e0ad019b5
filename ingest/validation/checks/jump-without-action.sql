-- claim: no close moves by more than 25% on usual trading without a corporate action
-- severity: soft
-- job: prices-daily
-- why: A split that was not declared moves price and share volume, and leaves the money traded as it was;
--      news increases the money traded. So the money traded distinguishes a missing split from a crash: AAPL
--      lost half of its price on 2000-09-29. Less than twice the usual money counts as usual trading.
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
select
  m.source_id as subject,
  m.trade_date,
  m.before_close,
  m.close,
  round(m.growth - 1, 4) as return_ratio,
  round(m.traded_ratio, 2) as traded_ratio
from traded m
where abs(m.growth - 1) > 0.25
  and coalesce(m.traded_ratio, 0) < 2
