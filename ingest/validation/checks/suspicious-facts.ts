import type { Check } from '../../contract/job.ts'

/**
 * Facts of periods of which periodic reports state two values and more. They are few, so that only these are
 * put in the order of their filing.
 */
const restated = `
  with restated as materialized (
    select r.cik, r.taxonomy, r.tag, r.unit, r.period_start, r.period_end from stocks_research.fundamentals_raw r
    where stocks_research.is_periodic_report(r.form)
    group by r.cik, r.taxonomy, r.tag, r.unit, r.period_start, r.period_end
    having min(r.value) <> max(r.value)
  )
  select f.* from restated p
  join stocks_research.fundamentals_raw f on f.cik = p.cik and f.taxonomy = p.taxonomy and f.tag = p.tag and f.unit = p.unit
    and f.period_end = p.period_end and f.period_start is not distinct from p.period_start
  where stocks_research.is_periodic_report(f.form)`

/**
 * What filers got wrong, or what only looks so. These facts are kept as filed; derived quarters do not use
 * the first kind.
 */
export const suspiciousFactChecks: readonly Check[] = [
  {
    // Filers tag announced dividends and typing errors so: five in 50,000 real facts. What is derived from
    // them is held to it by a hard check.
    name: 'filed-after-period-end',
    claim: 'no annual or quarterly report states a fact of a period that had not ended',
    severity: 'soft',
    violations: `
      select f.cik as subject, f.taxonomy, f.tag, f.unit, f.period_start, f.period_end, f.filed, f.form, f.accession
      from stocks_research.fundamentals_raw f
      where f.filed < f.period_end and stocks_research.is_periodic_report(f.form)`,
  },
  {
    name: 'fact-out-of-scale',
    claim: 'no filing restates a value by a factor of about a thousand or a million',
    severity: 'soft',
    // One finding a filing: whoever forgot the scale once forgot it in a whole table.
    violations: `
      select f.cik as subject, f.accession, f.form, f.filed, count(*) as facts_count, min(f.tag) as first_tag
      from (
        select r.*, lag(r.value) over (partition by r.cik, r.taxonomy, r.tag, r.unit, r.period_start, r.period_end order by r.filed, r.accession) as before_value
        from (${restated}) r) f
      where f.before_value <> 0 and f.value <> 0 and f.value <> f.before_value and sign(f.value) = sign(f.before_value)
        and (abs(abs(log(f.value / f.before_value)) - 3) < 0.02 or abs(abs(log(f.value / f.before_value)) - 6) < 0.02)
      group by f.cik, f.accession, f.form, f.filed`,
  },
  {
    // A filing that tags a period wrongly, or forgets a scale or a split, is contradicted by the one before
    // it and the one after it alike.
    name: 'value-changed-and-back',
    claim:
      'no filing states a value that differs by more than a hundredth from what the filings before and after it say alike',
    severity: 'soft',
    // One finding a filing.
    violations: `
      select f.cik as subject, f.accession, f.form, f.filed, count(*) as facts_count, min(f.tag) as first_tag
      from (
        select r.*, lag(r.value) over vintages as before_value, lead(r.value) over vintages as after_value
        from (${restated}) r
        window vintages as (partition by r.cik, r.taxonomy, r.tag, r.unit, r.period_start, r.period_end order by r.filed, r.accession)) f
      where f.before_value = f.after_value and abs(f.value - f.before_value) > 0.01 * abs(f.before_value)
      group by f.cik, f.accession, f.form, f.filed`,
  },
  {
    // A year and its four reported quarters are rounded one by one: up to half a unit each, of the unit that
    // the filing uses.
    name: 'reported-quarters-add-up',
    claim: 'four reported quarters of one filer make its reported year, within half a per cent',
    severity: 'soft',
    violations: `
      with newest as (
        select f.*, f.period_end - f.period_start + 1 as days
        from stocks_research.fundamentals_as_of('infinity') f
        where (f.period_end - f.period_start + 1 between 80 and 100 or f.period_end - f.period_start + 1 between 350 and 378) and f.tag in ('Revenues', 'SalesRevenueNet',
          'RevenueFromContractWithCustomerExcludingAssessedTax', 'GrossProfit', 'OperatingIncomeLoss', 'NetIncomeLoss')
      ), quarters as (
        select cik, taxonomy, tag, unit, period_end, min(period_start) over four as period_start, sum(value) over four as value,
          count(*) over four as quarters_count, sum(days) over four as days
        from newest where days between 80 and 100
        window four as (partition by cik, taxonomy, tag, unit order by period_end, period_start rows between 3 preceding and current row)
      ), sides as ( -- One pass over both sides: a join of two such sets is planned as if they were tiny.
        select cik, taxonomy, tag, unit, period_start, period_end, value as year_value, null::numeric as quarters_value, accession
        from newest where days between 350 and 378
        union all
        select cik, taxonomy, tag, unit, period_start, period_end, null, value, null
        from quarters where quarters_count = 4 and days = period_end - period_start + 1
      ), sums as materialized (
        select cik, tag, unit, period_start, period_end, max(year_value) as year_value, max(quarters_value) as quarters_value, max(accession) as accession
        from sides group by cik, taxonomy, tag, unit, period_start, period_end
      )
      select s.cik as subject, s.tag, s.unit, s.period_start, s.period_end, s.year_value, s.quarters_value, s.accession
      from sums s
      -- Matched names are slow: only what differs is asked of what kind it is, since one unit and tag is one
      -- kind.
      where abs(s.quarters_value - s.year_value) > 0.005 * abs(s.year_value) and stocks_research.fact_kind(s.unit, s.tag) = 'amount'`,
  },
  {
    name: 'shares-in-thousands',
    claim:
      'net income by the diluted shares of its filing and period is about the diluted earnings per share, not a thousand or a million times them',
    severity: 'soft',
    // Inside one filing, so that no split can lie between its three values. One finding a filing.
    violations: `
      select t.cik as subject, t.accession, count(*) as periods_count, min(t.period_end) as first_period_end, min(w) as first_shares
      from ( -- Gathered in one pass: joined to each other, the three would be looked up one by one.
        select r.cik, r.accession, r.period_start, r.period_end,
          array_agg(r.value) filter (where r.tag = 'EarningsPerShareDiluted' and stocks_research.is_periodic_report(r.form) and abs(r.value) >= 0.02) as per_share,
          array_agg(r.value) filter (where r.tag = 'WeightedAverageNumberOfDilutedSharesOutstanding' and r.value > 0) as shares,
          array_agg(r.value) filter (where r.tag = 'NetIncomeLoss') as income
        from stocks_research.fundamentals_raw r
        where r.taxonomy = 'us-gaap' and r.period_start is not null
          and r.tag in ('EarningsPerShareDiluted', 'WeightedAverageNumberOfDilutedSharesOutstanding', 'NetIncomeLoss')
        group by r.cik, r.accession, r.period_start, r.period_end) t
      cross join unnest(t.per_share) e cross join unnest(t.shares) w cross join unnest(t.income) n
      where n * e > 0
        -- A logarithm costs more than all else here; a product tells most filings apart.
        and abs(n) > 500 * abs(e) * w
        and (abs(log(n / e / w) - 3) < 0.2 or abs(log(n / e / w) - 6) < 0.2)
      group by t.cik, t.accession`,
  },
  {
    // The choice between tags is by priority, so two of them that differ much are worth a look: one is a part
    // of the other.
    name: 'standard-tags-agree',
    claim: 'tags of one standard item state about the same wherever one filing states two of them',
    severity: 'soft',
    violations: `
      select a.cik as subject, m.item, a.tag, b.tag as other_tag, count(*) as facts_count, min(a.accession) as first_accession
      from stocks_research.standard_item_tags m
      join stocks_research.standard_item_tags n on n.item = m.item and n.taxonomy = m.taxonomy and n.tier = m.tier and n.priority > m.priority
      join stocks_research.fundamentals_raw a on a.taxonomy = m.taxonomy and a.tag = m.tag
      join stocks_research.fundamentals_raw b on b.cik = a.cik and b.accession = a.accession and b.taxonomy = n.taxonomy and b.tag = n.tag
        and b.unit = a.unit and b.period_end = a.period_end and b.period_start is not distinct from a.period_start
      where stocks_research.is_periodic_report(a.form) and m.item in ('revenue', 'cost_of_revenue', 'operating_cash_flow', 'capital_expenditure')
        and abs(a.value - b.value) > 0.1 * greatest(abs(a.value), abs(b.value))
      group by a.cik, m.item, a.tag, b.tag`,
  },
]
