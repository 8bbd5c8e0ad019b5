-- Standard items of the filers $1, by vintage; see stocks_research.derive_standard_items.
select cik as work_item, cik, item, period_end, period_start, unit, known_from, period_kind, known_to, value,
  reason, taxonomy, tag, method, accession, filed, first_known_on, first_value
from stocks_research.derive_standard_items($1::text[])
