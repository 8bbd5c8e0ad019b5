-- What four quarters add up to, of the tags of some standard items, each column of a filer in one text.
-- $1 the filers, $2 the items.
select r.cik, :columns
from (
  select
    d.cik,
    d.taxonomy,
    d.tag,
    d.unit,
    d.period_start,
    d.period_end,
    d.known_from,
    trim_scale(d.ttm_value) as ttm_value,
    d.ttm_reason
  from stocks_research.fundamentals_derived d
  where d.cik = any ($1::text[])
    and exists (
      select
      from stocks_research.standard_item_tags t
      where t.taxonomy = d.taxonomy
        and t.tag = d.tag
        and t.item = any ($2::text[])
    )) r
group by r.cik
