-- claim: no annual or quarterly report has a fact of a period that had not ended
-- severity: soft
-- job: fundamentals-raw
-- why: Filers tag announced dividends and typing errors so: five in 50,000 real facts. The facts are kept as
--      filed; derived quarters do not use them, which a hard check verifies.
select
  f.cik as subject,
  f.taxonomy,
  f.tag,
  f.unit,
  f.period_start,
  f.period_end,
  f.filed,
  f.form,
  f.accession
from stocks_research.fundamentals_raw f
where f.filed < f.period_end
  and stocks_research.is_periodic_report(f.form)
