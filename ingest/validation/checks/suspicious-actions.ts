import type { Check } from '../../contract/job.ts'

/** Events beside the closes around them. */
const events = `
  with events as (
    select s.source_id, a.security_id, a.ex_date, a.kind, a.cash_amount, a.split_from, a.split_to, before.close as before_close, after.close as after_close
    from stocks_research.corporate_actions a
    join stocks_research.securities s using (security_id)
    join lateral (
      select p.close from stocks_research.prices_daily p
      where p.security_id = a.security_id and p.trade_date < a.ex_date and p.trade_date >= a.ex_date - 10 order by p.trade_date desc limit 1) before on true
    join lateral (
      select p.close from stocks_research.prices_daily p
      where p.security_id = a.security_id and p.trade_date >= a.ex_date and p.trade_date <= a.ex_date + 10 order by p.trade_date limit 1) after on true
  )`
const cashKinds = `('cash_dividend', 'special_dividend', 'return_of_capital', 'liquidation', 'spin_off')`

export const suspiciousActionChecks: readonly Check[] = [
  {
    name: 'event-rejected',
    claim: 'no event of a security was refused: the prices before it are then not adjusted',
    severity: 'soft',
    violations: `
      select s.source_id as subject, r.ex_date, r.kind, r.reason
      from stocks_research.refused_events r join stocks_research.securities s using (security_id)`,
  },
  {
    name: 'cash-without-drop',
    claim: 'a payment of more than 3.5 per cent of the price lowers it by at least a fifth of the payment',
    severity: 'soft',
    violations: `${events}
      select e.source_id as subject, e.ex_date, e.cash_amount, e.before_close, e.after_close
      from events e
      where e.kind in ${cashKinds} and e.cash_amount > 0.035 * e.before_close and e.before_close - e.after_close < 0.2 * e.cash_amount
        and not exists (select from events o where o.security_id = e.security_id and o.ex_date = e.ex_date and o.kind in ('split', 'stock_dividend'))`,
  },
  {
    name: 'cash-told-twice',
    claim:
      'no payment is followed on its day or within seven by one of the same amount, give or take 8 per cent',
    severity: 'soft',
    violations: `
      select s.source_id as subject, a.ex_date, b.ex_date as again_date, a.cash_amount, b.cash_amount as again_amount
      from stocks_research.corporate_actions a
      join stocks_research.corporate_actions b on b.security_id = a.security_id and b.ex_date >= a.ex_date and b.ex_date <= a.ex_date + 7
        and (b.ex_date, b.kind, b.action_key, b.occurrence) > (a.ex_date, a.kind, a.action_key, a.occurrence)
      join stocks_research.securities s on s.security_id = a.security_id
      where a.kind in ${cashKinds} and b.kind in ${cashKinds} and a.cash_amount > 0 and abs(b.cash_amount / a.cash_amount - 1) <= 0.08`,
  },
  {
    name: 'cash-in-other-unit',
    claim:
      'no payment is a hundred times, or a hundredth of, what the security pays within a year and a half of it',
    severity: 'soft',
    violations: `
      with paid as (
        select a.security_id, a.ex_date, a.kind, a.cash_amount from stocks_research.corporate_actions a where a.kind in ${cashKinds} and a.cash_amount > 0
      )
      select s.source_id as subject, a.ex_date, a.kind, a.cash_amount, u.usual as usual_amount
      from paid a
      join stocks_research.securities s using (security_id)
      cross join lateral (
        select percentile_disc(0.5) within group (order by o.cash_amount) as usual from stocks_research.corporate_actions o
        -- From the table, whose key finds them: of all payments each would be compared with each.
        where o.security_id = a.security_id and o.ex_date between a.ex_date - 550 and a.ex_date + 550 and o.ex_date <> a.ex_date
          and o.kind in ${cashKinds} and o.cash_amount > 0
        having count(*) >= 3) u
      where abs(ln(a.cash_amount / u.usual)) between ln(100 / 1.5) and ln(100 * 1.5)`,
  },
  {
    name: 'cash-skipped',
    claim: 'no payment is missing from a rhythm that is kept before and after it',
    severity: 'soft',
    // Three regular intervals, one of twice their length, three regular ones again: dividends that were cut
    // do not come back so.
    violations: `
      with days as (
        select a.security_id, a.ex_date, a.ex_date - lag(a.ex_date) over (partition by a.security_id order by a.ex_date) as days
        from (select distinct c.security_id, c.ex_date from stocks_research.corporate_actions c where c.kind = 'cash_dividend' and c.cash_amount > 0) a
      ), around as (
        select d.*, lag(d.ex_date) over w as before_date, lag(d.days) over w as before_1, lag(d.days, 2) over w as before_2, lag(d.days, 3) over w as before_3,
          lead(d.days) over w as after_1, lead(d.days, 2) over w as after_2, lead(d.days, 3) over w as after_3
        from days d window w as (partition by d.security_id order by d.ex_date)
      )
      select s.source_id as subject, a.before_date, a.ex_date as next_date, a.days as days_count, round(r.usual, 0) as usual_days_count
      from around a
      join stocks_research.securities s using (security_id)
      cross join lateral (select (a.before_1 + a.before_2 + a.before_3 + a.after_1 + a.after_2 + a.after_3) / 6.0 as usual) r
      where least(a.before_1, a.before_2, a.before_3, a.after_1, a.after_2, a.after_3) > 0.8 * r.usual
        and greatest(a.before_1, a.before_2, a.before_3, a.after_1, a.after_2, a.after_3) < 1.2 * r.usual
        and a.days between 1.8 * r.usual and 2.2 * r.usual`,
  },
  {
    name: 'cash-above-half',
    claim: 'no payment is more than half of the price',
    severity: 'soft',
    violations: `${events}
      select e.source_id as subject, e.ex_date, e.kind, e.cash_amount, e.before_close, e.after_close
      from events e where e.kind in ${cashKinds} and e.cash_amount > 0.5 * e.before_close`,
  },
  {
    name: 'split-without-move',
    claim: 'a declared split moves the price by its ratio, not by nothing',
    severity: 'soft',
    violations: `${events}
      select e.source_id as subject, e.ex_date, e.split_from, e.split_to, e.before_close, e.after_close
      from events e
      where (e.kind in ('split', 'stock_dividend') or e.cash_amount is null) and abs(ln(e.split_to / e.split_from)) > 0.15
        and abs(ln(e.after_close / e.before_close)) < 0.5 * abs(ln(e.split_to / e.split_from))`,
  },
  {
    name: 'split-maybe-spin-off',
    claim:
      'no split gives a ratio between 1 and 2 that is none of whole numbers: some sources print a spin-off so, and it must not touch the volume',
    severity: 'soft',
    // 21 for 20 is the finest split that is common; 1 to 1.046 was a spin-off. A stock dividend may have any
    // ratio, and says what it is.
    violations: `
      select s.source_id as subject, a.ex_date, a.split_from, a.split_to, round(a.split_to / a.split_from, 7) as split_ratio
      from stocks_research.corporate_actions a join stocks_research.securities s using (security_id)
      where a.kind = 'split' and a.split_to > a.split_from and a.split_to < 2 * a.split_from and not exists (
        select from generate_series(1, 20) n where abs(n * a.split_to / a.split_from - round(n * a.split_to / a.split_from)) < 0.0001)`,
  },
  {
    name: 'split-told-twice',
    claim: 'no split is followed within seven days by one of the same ratio',
    severity: 'soft',
    violations: `
      select s.source_id as subject, a.ex_date, b.ex_date as again_date, a.split_from, a.split_to
      from stocks_research.corporate_actions a
      join stocks_research.corporate_actions b on b.security_id = a.security_id and b.ex_date > a.ex_date and b.ex_date <= a.ex_date + 7
      join stocks_research.securities s on s.security_id = a.security_id
      where a.kind in ('split', 'stock_dividend') and b.kind in ('split', 'stock_dividend') and a.split_to * b.split_from = b.split_to * a.split_from`,
  },
]
