import type { Check } from '../../contract/job.ts'

/**
 * Events of one kind on both sides, one value a day, matched by day, else by value within a week; only where
 * both sources hold closes.
 */
const events = (ours: string, theirs: string, is_equal: (a: string, b: string) => string): string => `
  with spans as (
    select c.security_id, c.source_id, c.first_date, c.last_date from ingestion.second_source_coverage_v c where c.compared_count > 0
  ), ours as materialized (
    select n.security_id, a.ex_date, ${ours} as value from spans n join stocks_research.corporate_actions a using (security_id)
    where a.ex_date > n.first_date and a.ex_date <= n.last_date group by n.security_id, a.ex_date having ${ours} is not null
  ), theirs as materialized (
    select n.security_id, a.ex_date, ${theirs} as value from spans n join ingestion.second_events a using (security_id)
    where a.ex_date > n.first_date and a.ex_date <= n.last_date group by n.security_id, a.ex_date having ${theirs} is not null
  ), pairs as (
    select security_id, o.ex_date, t.ex_date as other_ex_date, o.value, t.value as other_value
    from ours o full join theirs t using (security_id, ex_date)
  ), alone as (
    select * from pairs where ex_date is null or other_ex_date is null
  ), moved as (
    select a.security_id, a.ex_date, b.other_ex_date, a.value, b.other_value
    from alone a join alone b on b.security_id = a.security_id and abs(b.other_ex_date - a.ex_date) <= 7 and ${is_equal('a.value', 'b.other_value')}
  ), apart as (
    select p.*, 'the amount differs' as verdict from pairs p where p.ex_date = p.other_ex_date and not (${is_equal('p.value', 'p.other_value')})
    union all
    select m.*, 'the day differs' from moved m
    union all
    select a.*, case when a.ex_date is null then 'only the second source has it' else 'the second source does not have it' end from alone a
    where not exists (select from moved m where m.security_id = a.security_id and (m.ex_date = a.ex_date or m.other_ex_date = a.other_ex_date))
  )
  select n.source_id as subject, a.verdict, a.ex_date, a.other_ex_date, a.value, a.other_value from apart a join spans n using (security_id)`

/** Our data beside a second source. Opens and volumes differ between honest vendors, and are not compared. */
export const secondSourceChecks: readonly Check[] = [
  {
    name: 'second-source-close',
    claim: 'no close lies more than 50 hundredths of a per cent from that of the second source',
    severity: 'soft',
    // Two vendors of liquid shares agree to 10 hundredths on 99 of 100 days since 2012, and to 50 on all. A
    // run of sessions that differ is one finding, however long.
    violations: `
      with pairs as (
        select p.security_id, p.trade_date, p.close, q.close as other_close, abs(p.close - q.close) > 0.005 * q.close as is_apart
        from stocks_research.prices_daily p join ingestion.second_prices q using (security_id, trade_date)
      ), numbered as (
        select p.*, row_number() over (partition by p.security_id order by p.trade_date)
          - row_number() over (partition by p.security_id, p.is_apart order by p.trade_date) as island from pairs p
      )
      select s.source_id as subject, min(n.trade_date) as first_date, max(n.trade_date) as last_date, count(*) as sessions_count,
        (array_agg(n.close order by n.trade_date))[1] as first_close, (array_agg(n.other_close order by n.trade_date))[1] as first_other_close,
        round(min(n.close / n.other_close), 6) as lowest_ratio, round(max(n.close / n.other_close), 6) as highest_ratio
      from numbered n join stocks_research.securities s using (security_id)
      where n.is_apart
      group by s.source_id, n.island`,
  },
  {
    name: 'second-source-bar',
    claim: 'no session has a bar in the second source alone, between our first and last one of the security',
    severity: 'soft',
    violations: `
      select s.source_id as subject, min(q.trade_date) as first_date, max(q.trade_date) as last_date, count(*) as sessions_count
      from ingestion.second_prices q
      join stocks_research.securities s using (security_id)
      join lateral (
        select min(p.trade_date) as first_date, max(p.trade_date) as last_date from stocks_research.prices_daily p where p.security_id = q.security_id) n
        on q.trade_date between n.first_date and n.last_date
      where not exists (select from stocks_research.prices_daily p where p.security_id = q.security_id and p.trade_date = q.trade_date)
      group by s.source_id`,
  },
  {
    name: 'second-source-split',
    claim: 'every split stands in both sources, on one day and with one ratio',
    severity: 'soft',
    // Some vendors print a ratio to seven digits.
    violations: `select * from (${events(
      `round(stocks_research.product_exact(a.split_to) filter (where a.kind in ('split', 'stock_dividend'))
        / nullif(stocks_research.product_exact(a.split_from) filter (where a.kind in ('split', 'stock_dividend')), 0), 12)
        * nullif(bool_or(a.kind in ('split', 'stock_dividend')), false)::integer`,
      'round(stocks_research.product_exact(a.split_ratio) filter (where a.split_ratio is not null), 12) * nullif(bool_or(a.split_ratio is not null), false)::integer',
      (a, b) => `abs(${a} / ${b} - 1) < 0.0001`,
    )}) e where exists (select from ingestion.second_source where has_splits)`,
  },
  {
    name: 'second-source-cash',
    claim:
      'every payment stands in both sources, on one day and with one amount, to one per cent or to the digits of the one that prints fewer',
    severity: 'soft',
    violations: `select * from (${events(
      `nullif(sum(a.cash_amount) filter (where a.kind in ('cash_dividend', 'special_dividend', 'return_of_capital', 'liquidation', 'spin_off')), 0)`,
      'nullif(sum(a.cash_amount), 0)',
      (a, b) =>
        `abs(${a} / ${b} - 1) <= 0.01 or round(${a}, greatest(scale(trim_scale(${b})), 2)) = trim_scale(${b}) or round(${b}, greatest(scale(trim_scale(${a})), 2)) = trim_scale(${a})`,
    )}) e where exists (select from ingestion.second_source where has_dividends)`,
  },
]
