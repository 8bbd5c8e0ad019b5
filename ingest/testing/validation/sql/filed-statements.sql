-- Values of statements ($1, a JSON array) beside the standard and calculated items: "document item: value,
-- item value" and whether they are equal.
select concat(w.document, ' ', w.item, ': ', w.value, ', ',
    coalesce(trim_scale(s.value)::text, s.reason, 'none')) as text,
  coalesce(s.value = w.value, false) as is_equal
from jsonb_to_recordset($1::jsonb) as w (document text, cik text, period_end date, item text, value numeric)
left join (
  select f.cik, f.item, f.period_end, f.period_kind, f.value, f.reason
  from stocks_research.fundamentals_standard_v f
  union all
  select c.cik, c.item, c.period_end, c.period_kind, c.value, c.reason
  from stocks_research.calculated_items_as_of('infinity') c
) s
  on s.cik = w.cik
  and s.item = w.item
  and s.period_end = w.period_end
  and s.period_kind in ('year', 'instant')
order by w.document, w.item
