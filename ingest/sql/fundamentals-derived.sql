-- Quarters of the filers $1; see stocks_research.derive_fundamentals.
select cik as work_item, cik, taxonomy, tag, unit, period_start, period_end, known_from, value, method,
  reason, accession, subtracted_accession, is_long_quarter, is_transition, yoy_ratio, yoy_reason,
  yoy_base_period_end, ttm_value, ttm_reason
from stocks_research.derive_fundamentals($1::text[])
