-- claim: four reported quarters of a filer add up to its reported year, within 0.5%
-- severity: soft
-- job: fundamentals-raw
-- why: A year and its four quarters are rounded one by one, by up to half of the unit that the filing uses.
with newest as (
  select f.*, f.period_end - f.period_start + 1 as days
  from stocks_research.fundamentals_as_of('infinity') f
  where stocks_research.period_kind(f.period_end - f.period_start + 1) in ('quarter', 'year')
    and f.tag in (
      'Revenues',
      'SalesRevenueNet',
      'RevenueFromContractWithCustomerExcludingAssessedTax',
      'GrossProfit',
      'OperatingIncomeLoss',
      'NetIncomeLoss')
), quarters as (
  select
    cik,
    taxonomy,
    tag,
    unit,
    period_end,
    min(period_start) over four as period_start,
    sum(value) over four as value,
    count(*) over four as quarters_count,
    sum(days) over four as days
  from newest
  where stocks_research.period_kind(days) = 'quarter'
  window four as (
    partition by cik, taxonomy, tag, unit
    order by period_end, period_start rows between 3 preceding and current row)
), sides as (
  -- One pass over both sides: a join of two such sets is planned as if they were tiny.
  select
    cik,
    taxonomy,
    tag,
    unit,
    period_start,
    period_end,
    value as year_value,
    null::numeric as quarters_value,
    accession
  from newest
  where stocks_research.period_kind(days) = 'year'
  union all
  select cik, taxonomy, tag, unit, period_start, period_end, null, value, null
  from quarters
  where quarters_count = 4 and days = period_end - period_start + 1
), sums as materialized (
  select
    cik,
    tag,
    unit,
    period_start,
    period_end,
    max(year_value) as year_value,
    max(quarters_value) as quarters_value,
    max(accession) as accession
  from sides
  group by cik, taxonomy, tag, unit, period_start, period_end
)
select
  s.cik as subject,
  s.tag,
  s.unit,
  s.period_start,
  s.period_end,
  s.year_value,
  s.quarters_value,
  s.accession
from sums s
where abs(s.quarters_value - s.year_value) > 0.005 * abs(s.year_value)
  -- The kind is looked up by patterns, which is slow, so only for what differs: one unit and tag is one kind.
  and stocks_research.fact_kind(s.unit, s.tag) = 'amount'
