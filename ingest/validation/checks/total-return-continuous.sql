-- claim: total-return closes grow by price move and cash at every session, to a millionth
-- severity: hard
-- job: adjustment-factors
-- why: With D the cash and C the raw close, they grow by (C(t) x split ratio + D) / C(t-1). The bars are
--      compared with the actions between them, as adjustment-continuous does.
with effective as (
  -- Corporate actions that change a series, each with the first bar on or after its ex-date.
  select
    a.security_id,
    a.ex_date,
    stocks_research.is_split_kind(a.kind)
      or (a.kind = 'spin_off' and a.cash_amount is null and a.split_to is not null) as is_ratio,
    case
      when a.kind = 'spin_off' and a.cash_amount is null and a.split_to is null then (
        select avg(stocks_research.converted_cash(
          (e ->> 'cash_amount')::numeric, e ->> 'currency', s.currency, a.ex_date, d.as_of))
        from stocks_research.adjustment_factors f, jsonb_array_elements(f.events) e,
          stocks_research.securities s
        where f.security_id = a.security_id
          and s.security_id = a.security_id
          and e ->> 'value_source' like 'first close%'
          and e ->> 'ex_date' = a.ex_date::text)
      else (
        -- Null without an exchange rate; the adjusted closes are then null too.
        select stocks_research.converted_cash(a.cash_amount, a.currency, s.currency, a.ex_date, d.as_of)
        from stocks_research.securities s
        where s.security_id = a.security_id)
    end as cash_amount,
    a.split_from,
    a.split_to,
    (
      select min(p.trade_date)
      from stocks_research.prices_daily p
      where p.security_id = a.security_id and p.trade_date >= a.ex_date) as trade_date
  from stocks_research.corporate_actions a
  cross join lateral (
    -- The day as of which the factors were made.
    select coalesce((
      select i.end_date
      from ingestion.items i
      join stocks_research.securities s on s.source_id = i.item and s.security_id = a.security_id
      where i.job = 'adjustment-factors' and i.status = 'ok'
      order by i.item_id desc
      limit 1), 'infinity') as as_of) d
  where stocks_research.moves_price(a.kind)
    -- The factors cannot contain what was declared after that day.
    and (a.declared_date is null or a.declared_date <= a.ex_date or a.declared_date <= d.as_of)
), events as (
  -- What happened between one bar and the next.
  select
    e.security_id,
    e.trade_date,
    coalesce(sum(e.cash_amount) filter (where not e.is_ratio), 0) as cash,
    coalesce(exp(sum(ln(e.split_to / e.split_from)) filter (where e.is_ratio)), 1) as ratio
  from effective e
  where e.trade_date is not null
  group by e.security_id, e.trade_date
  -- Cash after a split between the same two bars is in other shares; the recomputation judges it.
  having count(distinct e.ex_date) = 1 or bool_and(not e.is_ratio)
), mixed as (
  select e.security_id, e.trade_date
  from effective e
  group by e.security_id, e.trade_date
  having count(distinct e.ex_date) > 1 and bool_or(e.is_ratio)
), places as (
  -- Inside an interval one row gives every factor, so a series can break only at an event and where a factor
  -- row starts.
  select e.security_id, e.trade_date
  from events e
  union
  select
    f.security_id,
    (
      select min(p.trade_date)
      from stocks_research.prices_daily p
      where p.security_id = f.security_id and p.trade_date >= f.first_date)
  from stocks_research.adjustment_factors f
), bars as materialized (
  select
    v.security_id,
    v.trade_date,
    v.close,
    v.adj_close,
    v.total_return_close,
    u.trade_date as before_date,
    u.close as before_close,
    u.adj_close as before_adj_close,
    u.total_return_close as before_total_return_close
  from places l
  cross join lateral (
    select max(p.trade_date) as before_date
    from stocks_research.prices_daily p
    where p.security_id = l.security_id and p.trade_date < l.trade_date) b
  -- "offset 0" has each place looked up by its day: without it, all intervals of a security are first paired
  -- with each other.
  cross join lateral (
    select w.*
    from stocks_research.prices_daily_adjusted_v w
    where w.security_id = l.security_id and w.trade_date = l.trade_date
    offset 0) v
  cross join lateral (
    select w.*
    from stocks_research.prices_daily_adjusted_v w
    where w.security_id = l.security_id and w.trade_date = b.before_date
    offset 0) u
)
select
  s.source_id as subject,
  b.trade_date,
  b.before_date,
  coalesce(e.cash, 0) as cash,
  round(coalesce(e.ratio, 1), 12) as split_ratio,
  round(b.total_return_close / b.before_total_return_close, 12) as growth
from bars b
left join events e using (security_id, trade_date)
join stocks_research.securities s using (security_id)
where abs(b.total_return_close / nullif(b.before_total_return_close, 0)
    / ((b.close * coalesce(e.ratio, 1) + coalesce(e.cash, 0)) / b.before_close) - 1) > 0.000001
  and not exists (select from mixed m where m.security_id = b.security_id and m.trade_date = b.trade_date)
