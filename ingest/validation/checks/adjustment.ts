import type { Check } from '../../contract/job.ts'

/**
 * What happened between one bar and the next, from the side of the bars: not how the factors were made. A
 * spin-off told as a ratio of prices moves them as a split does; one told by what was given out is worth what
 * the factor row says, which the recomputation judges.
 */
const steps = `
  with effective as (
    select a.security_id, a.ex_date, a.kind in ('split', 'stock_dividend') or (a.kind = 'spin_off' and a.cash_amount is null and a.split_to is not null) as is_ratio,
      case when a.kind = 'spin_off' and a.cash_amount is null and a.split_to is null then (
        select avg((e ->> 'cash_amount')::numeric) from stocks_research.adjustment_factors f, jsonb_array_elements(f.events) e
        where f.security_id = a.security_id and e ->> 'value_source' like 'first close%' and e ->> 'ex_date' = a.ex_date::text) else a.cash_amount end as cash_amount,
      a.split_from, a.split_to,
      (select min(p.trade_date) from stocks_research.prices_daily p where p.security_id = a.security_id and p.trade_date >= a.ex_date) as trade_date
    from stocks_research.corporate_actions a
    where a.kind in ('cash_dividend', 'special_dividend', 'return_of_capital', 'liquidation', 'spin_off', 'split', 'stock_dividend')
      -- What was declared after the day as of which the factors were made, they cannot know.
      and (a.declared_date is null or a.declared_date <= a.ex_date or a.declared_date <= coalesce((
        select i.end_date from ingestion.items i join stocks_research.securities s on s.source_id = i.item and s.security_id = a.security_id
        where i.job = 'adjustment-factors' and i.status = 'ok' order by i.item_id desc limit 1), 'infinity'))
  ), events as (
    select e.security_id, e.trade_date,
      coalesce(sum(e.cash_amount) filter (where not e.is_ratio), 0) as cash,
      coalesce(exp(sum(ln(e.split_to / e.split_from)) filter (where e.is_ratio)), 1) as ratio
    from effective e
    where e.trade_date is not null
    group by e.security_id, e.trade_date
    -- Cash after a split between the same two bars is in other shares; the recomputation judges it.
    having count(distinct e.ex_date) = 1 or bool_and(not e.is_ratio)
  ), mixed as (
    select e.security_id, e.trade_date from effective e group by e.security_id, e.trade_date
    having count(distinct e.ex_date) > 1 and bool_or(e.is_ratio)
  ), places as (
    -- Inside an interval one row gives every factor, so only where an event is, or a factor row starts, can a
    -- series break.
    select e.security_id, e.trade_date from events e
    union
    select f.security_id, (select min(p.trade_date) from stocks_research.prices_daily p where p.security_id = f.security_id and p.trade_date >= f.first_date)
    from stocks_research.adjustment_factors f
  ), bars as materialized (
    select v.security_id, v.trade_date, v.close, v.adj_close, v.total_return_close,
      u.trade_date as before_date, u.close as before_close, u.adj_close as before_adj_close, u.total_return_close as before_total_return_close
    from places l
    cross join lateral (
      select max(p.trade_date) as before_date from stocks_research.prices_daily p where p.security_id = l.security_id and p.trade_date < l.trade_date) b
    -- "offset 0" has each place looked up by its day: joined at will, all intervals of a security are paired
    -- with each other first.
    cross join lateral (
      select w.* from stocks_research.prices_daily_adjusted_v w where w.security_id = l.security_id and w.trade_date = l.trade_date offset 0) v
    cross join lateral (
      select w.* from stocks_research.prices_daily_adjusted_v w where w.security_id = l.security_id and w.trade_date = b.before_date offset 0) u
  )`

export const adjustmentChecks: readonly Check[] = [
  {
    name: 'adjustment-continuous',
    claim:
      'adjusted closes are continuous at every session: |(adj(t-1)/C(t-1)) / (adj(t)/C(t)) / m(t) - 1| <= 1e-6, with m = (1 - D/C(t-1)) / split ratio',
    severity: 'hard',
    violations: `${steps}
      select s.source_id as subject, b.trade_date, b.before_date, coalesce(e.cash, 0) as cash, round(coalesce(e.ratio, 1), 12) as split_ratio,
        round(b.before_adj_close / b.before_close / (b.adj_close / b.close), 12) as step
      from bars b
      left join events e using (security_id, trade_date)
      join stocks_research.securities s using (security_id)
      where abs(b.before_adj_close / b.before_close / (b.adj_close / b.close) / nullif((1 - coalesce(e.cash, 0) / b.before_close) / coalesce(e.ratio, 1), 0) - 1) > 0.000001
        and not exists (select from mixed m where m.security_id = b.security_id and m.trade_date = b.trade_date)`,
  },
  {
    name: 'total-return-continuous',
    claim: 'total-return closes grow by (C(t) x split ratio + D) / C(t-1) at every session, within 1e-6',
    severity: 'hard',
    violations: `${steps}
      select s.source_id as subject, b.trade_date, b.before_date, coalesce(e.cash, 0) as cash, round(coalesce(e.ratio, 1), 12) as split_ratio,
        round(b.total_return_close / b.before_total_return_close, 12) as growth
      from bars b
      left join events e using (security_id, trade_date)
      join stocks_research.securities s using (security_id)
      where abs(b.total_return_close / nullif(b.before_total_return_close, 0) / ((b.close * coalesce(e.ratio, 1) + coalesce(e.cash, 0)) / b.before_close) - 1) > 0.000001
        and not exists (select from mixed m where m.security_id = b.security_id and m.trade_date = b.trade_date)`,
  },
  {
    name: 'one-factor-a-bar',
    claim: 'every bar has exactly one factor row',
    severity: 'hard',
    violations: `
      select s.source_id as subject, min(p.trade_date) as first_date, max(p.trade_date) as last_date, count(*) as bars_count
      from stocks_research.prices_daily p
      join stocks_research.securities s using (security_id)
      left join stocks_research.adjustment_factors f on f.security_id = p.security_id and p.trade_date between f.first_date and f.last_date
      where f.security_id is null
      group by s.source_id
      union all
      select s.source_id, a.first_date, b.first_date, 2
      from stocks_research.adjustment_factors a
      join stocks_research.adjustment_factors b on b.security_id = a.security_id and b.first_date > a.first_date and b.first_date <= a.last_date
      join stocks_research.securities s on s.security_id = a.security_id`,
  },
  {
    name: 'factor-changes-at-events-only',
    claim: 'a factor changes only where an event stands between two intervals',
    severity: 'hard',
    violations: `
      select s.source_id as subject, f.first_date, f.last_date, f.price_factor
      from (
        select a.*, lead(a.first_date) over w as next_first_date from stocks_research.adjustment_factors a
        window w as (partition by a.security_id order by a.first_date)) f
      join stocks_research.securities s using (security_id)
      where (f.next_first_date is null) <> (f.events = '[]') or f.next_first_date <> f.last_date + 1`,
  },
  {
    name: 'one-ratio-a-bar',
    claim: 'adjusted open, high, low and close of a bar share one ratio, to the rounding of the view',
    severity: 'hard',
    violations: `
      select v.ticker as subject, v.trade_date, v.open, v.high, v.low, v.close, v.adj_open, v.adj_high, v.adj_low, v.adj_close
      from stocks_research.prices_daily_adjusted_v v
      -- Most bars are as they were told, and share the ratio 1: a comparison costs less than the products.
      where (v.adj_close <> v.close or v.adj_open <> v.open or v.adj_high <> v.high or v.adj_low <> v.low)
        and (abs(v.adj_open * v.close - v.adj_close * v.open) > 0.000000000001 * (v.open + v.close)
          or abs(v.adj_high * v.close - v.adj_close * v.high) > 0.000000000001 * (v.high + v.close)
          or abs(v.adj_low * v.close - v.adj_close * v.low) > 0.000000000001 * (v.low + v.close))`,
  },
  {
    name: 'unadjusted-has-reason',
    claim: 'an adjusted close is null exactly where a reason says so',
    severity: 'hard',
    violations: `
      select v.security_id::text as subject, v.trade_date, v.adjustment_reason
      from stocks_research.prices_daily_adjusted_v v
      where (v.adj_close is null or v.total_return_close is null) <> (v.adjustment_reason is not null)`,
  },
  {
    name: 'refused-event-stops-adjustment',
    claim:
      'no factor stands before an event inside the series that its source told and that could not be taken',
    severity: 'hard',
    violations: `
      select s.source_id as subject, r.ex_date, r.kind, r.reason, f.first_date, f.last_date, f.price_factor, f.total_return_factor, f.split_numerator
      from stocks_research.refused_events r
      join stocks_research.securities s using (security_id)
      cross join lateral (
        select i.end_date as as_of from ingestion.items i
        where i.job = 'adjustment-factors' and i.item = s.source_id and i.status = 'ok' order by i.item_id desc limit 1) d
      left join lateral (select c.session_date from stocks_research.trading_sessions c where c.session_date >= r.ex_date order by 1 limit 1) x on true
      join stocks_research.adjustment_factors f on f.security_id = r.security_id and (r.ex_date is null or f.first_date < x.session_date)
      where r.kind not in ('merger', 'name_change', 'delisting')
        and (f.price_factor is not null or f.total_return_factor is not null
          or (f.split_numerator is not null and r.kind in ('split', 'stock_dividend', 'unknown')))
        and coalesce(r.declared_date, '-infinity') <= d.as_of
        and (r.ex_date is null or (x.session_date <= d.as_of
          -- A listing ends with the delisting, or with its last ticker; and it begins with the first bar.
          and x.session_date <= coalesce(least(s.delist_date, (
            select max(coalesce(t.valid_to, 'infinity')) from stocks_research.ticker_history t where t.security_id = s.security_id)), 'infinity')
          and x.session_date > (select min(p.trade_date) from stocks_research.prices_daily p where p.security_id = r.security_id)))`,
  },
  {
    name: 'event-cannot-be-applied',
    claim: 'every event inside a series can be applied',
    severity: 'soft',
    violations: `
      select s.source_id as subject, f.reason, min(f.first_date) as first_date, max(f.last_date) as last_date
      from stocks_research.adjustment_factors f
      join stocks_research.securities s using (security_id)
      where f.reason is not null
      group by s.source_id, f.reason`,
  },
]
