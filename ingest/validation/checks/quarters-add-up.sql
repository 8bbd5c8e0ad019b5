-- claim: a derived quarter and the period subtracted make the longer period, exactly
-- severity: hard
-- job: fundamentals-derived
-- why: So the four quarters of a year add up to the year.
select
  d.cik as subject,
  d.tag,
  d.unit,
  d.period_start,
  d.period_end,
  d.known_from,
  d.value,
  d.method,
  d.accession,
  d.subtracted_accession
from stocks_research.fundamentals_derived d
where d.subtracted_accession is not null
  and d.value is not null
  and not exists (
    select
    from stocks_research.fundamentals_raw l
    join stocks_research.fundamentals_raw s on s.cik = l.cik
      and s.taxonomy = l.taxonomy
      and s.tag = l.tag
      and s.unit = l.unit
      and s.period_start = l.period_start
      and s.period_end = d.period_start - 1
      and s.accession = d.subtracted_accession
    where l.cik = d.cik
      and l.taxonomy = d.taxonomy
      and l.tag = d.tag
      and l.unit = d.unit
      and l.period_end = d.period_end
      and l.accession = d.accession
      and l.value = s.value + d.value)
