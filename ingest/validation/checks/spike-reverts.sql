-- claim: no close jumps and is back at the open and the close of the next session
-- severity: soft
-- job: prices-daily
-- why: A move that the market took back shows in the next open; one that exists only in the file does not. A
--      jump is more than 3% and more than four times the mean move of the twenty sessions before. Floats are
--      used: nothing of this is stored, and the tolerances are wide.
with bars as (
  select
    p.security_id,
    p.trade_date,
    p.close,
    lag(p.close) over (partition by p.security_id order by p.trade_date) as before_close
  from stocks_research.prices_daily p
), moves as materialized (
  select b.*, n.open as after_open, n.close as after_close
  from (
    -- Few bars move so much: only those become floats and have their next bar looked up.
    select x.*, x.close::float8 / x.before_close::float8 - 1 as move
    from bars x
    where x.close > 1.0299 * x.before_close or x.close < 0.9701 * x.before_close
    offset 0) b
  cross join lateral (
    select p.open, p.close
    from stocks_research.prices_daily p
    where p.security_id = b.security_id and p.trade_date > b.trade_date
    order by p.trade_date
    limit 1) n
  where abs(b.move) > 0.03
    and abs(n.close / b.before_close - 1) < 0.25 * abs(b.move)
    and coalesce(abs(n.open / b.before_close - 1) < 0.35 * abs(b.move), true)
)
select
  s.source_id as subject,
  m.trade_date,
  m.before_close,
  m.close,
  m.after_close,
  round(m.move::numeric, 4) as return_ratio,
  round(u.usual::numeric, 4) as usual_move_ratio
from moves m
join stocks_research.securities s using (security_id)
cross join lateral (
  select avg(abs(r.close / r.before_close - 1)) as usual
  from (
    select p.close::float8 as close, lag(p.close::float8) over (order by p.trade_date) as before_close
    from (
      select x.trade_date, x.close
      from stocks_research.prices_daily x
      where x.security_id = m.security_id and x.trade_date < m.trade_date
      order by x.trade_date desc
      limit 21) p) r) u
where abs(m.move) > 4 * coalesce(u.usual, 0)
