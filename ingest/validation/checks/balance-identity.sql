-- claim: assets equal liabilities and equity, exactly, in every filing with both
-- severity: hard
-- accept: yes
-- job: fundamentals-raw
-- why: A filing itself can break this, by a typing error of the filer; far more often a loader broke it. So
--      it blocks, and a finding whose filing was read by a person may be accepted in writing.
select
  a.cik as subject,
  a.period_end,
  a.unit,
  a.value as assets,
  l.value as liabilities_and_equity,
  a.accession
from stocks_research.fundamentals_raw a
join stocks_research.fundamentals_raw l on l.cik = a.cik
  and l.taxonomy = a.taxonomy
  and l.tag = case a.taxonomy
    when 'us-gaap' then 'LiabilitiesAndStockholdersEquity'
    when 'ifrs-full' then 'EquityAndLiabilities'
  end
  and l.unit = a.unit
  and l.period_end = a.period_end
  and l.accession = a.accession
where a.tag = 'Assets'
  and a.taxonomy in ('us-gaap', 'ifrs-full')
  and a.period_start is null
  and l.period_start is null
  and stocks_research.is_periodic_report(a.form)
  and l.value <> a.value
