-- claim: every reported quarter equals the fact of its filing
-- severity: hard
-- job: fundamentals-derived
-- why: What a filer states itself must reach the derived table unchanged.
select
  d.cik as subject,
  d.tag,
  d.unit,
  d.period_start,
  d.period_end,
  d.known_from,
  d.value,
  d.accession
from stocks_research.fundamentals_derived d
where d.method = 'reported'
  and not exists (
    select
    from stocks_research.fundamentals_raw r
    where r.cik = d.cik
      and r.taxonomy = d.taxonomy
      and r.tag = d.tag
      and r.unit = d.unit
      and r.period_end = d.period_end
      and r.period_start = d.period_start
      and r.accession = d.accession
      and r.value = d.value)
