-- claim: net income by diluted shares is not 1000 or 1,000,000 times the diluted earnings per share
-- severity: soft
-- job: fundamentals-raw
-- why: A filer gave its shares in thousands or millions. Compared inside one filing, so that no split can lie
--      between the three values. One finding for each filing.
select
  t.cik as subject,
  t.accession,
  count(*) as periods_count,
  min(t.period_end) as first_period_end,
  min(w) as first_shares
from (
  -- Gathered in one pass: joined to each other, the three would be looked up one by one.
  select
    r.cik,
    r.accession,
    r.period_start,
    r.period_end,
    array_agg(r.value) filter (
      where r.tag = 'EarningsPerShareDiluted'
        and stocks_research.is_periodic_report(r.form)
        and abs(r.value) >= 0.02) as per_share,
    array_agg(r.value) filter (
      where r.tag = 'WeightedAverageNumberOfDilutedSharesOutstanding' and r.value > 0) as shares,
    array_agg(r.value) filter (where r.tag = 'NetIncomeLoss') as income
  from stocks_research.fundamentals_raw r
  where r.taxonomy = 'us-gaap'
    and r.period_start is not null
    and r.tag in (
      'EarningsPerShareDiluted',
      'WeightedAverageNumberOfDilutedSharesOutstanding',
      'NetIncomeLoss')
  group by r.cik, r.accession, r.period_start, r.period_end) t
cross join unnest(t.per_share) e
cross join unnest(t.shares) w
cross join unnest(t.income) n
where n * e > 0
  -- A logarithm costs more than all else here; a product excludes most filings.
  and abs(n) > 500 * abs(e) * w
  and (abs(log(n / e / w) - 3) < 0.2 or abs(log(n / e / w) - 6) < 0.2)
group by t.cik, t.accession
