-- Facts that were filed twice with different values ($1, a JSON array), beside the standard item of both
-- days: the values of the item without their signs, and why there is none.
select r.cik, r.tag, r."end", d.day, d.value as filed, abs(s.value) as found, s.reason
from jsonb_to_recordset($1::jsonb) as r (
  cik text, tag text, unit text, start text, "end" date,
  first_filed date, first_value numeric, last_filed date, last_value numeric)
cross join lateral (
  values (r.first_filed, abs(r.first_value)), (r.last_filed, abs(r.last_value))
) d (day, value)
left join stocks_research.fundamentals_standard s
  on s.cik = r.cik
  and s.tag = r.tag
  and s.unit = r.unit
  and s.period_end = r."end"
  and s.period_start is not distinct from nullif(r.start, '')::date
  and s.known_from <= d.day
  and (s.known_to is null or s.known_to > d.day)
