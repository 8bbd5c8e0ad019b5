-- claim: no quarter is known before its last day
-- severity: hard
-- job: fundamentals-derived
-- why: Filers sometimes tag a plan or a typing error with a period that has not ended.
select cik as subject, tag, unit, period_start, period_end, known_from, accession
from stocks_research.fundamentals_derived
where known_from < period_end
