-- claim: no derived quarter of revenue is out of line with the quarters around it
-- severity: soft
-- why: A year stated without a sold operation, less nine months stated with it, gives a quarter that is far
--      too small or negative, and no later filing may say so. Found: a derived quarter below a third of the
--      smallest or above three times the largest of the quarters around it, unless the same quarter of the
--      year before or after is within a factor of two of it (a seasonal business).
with revenue_tags as (
  select distinct t.taxonomy, t.tag
  from stocks_research.standard_item_tags t
  where t.item = 'revenue'
), newest as (
  select distinct on (d.cik, d.taxonomy, d.tag, d.unit, d.period_start, d.period_end) d.*
  from stocks_research.fundamentals_derived d
  join revenue_tags using (taxonomy, tag)
  order by d.cik, d.taxonomy, d.tag, d.unit, d.period_start, d.period_end, d.known_from desc
), neighbours as (
  select
    n.cik,
    n.tag,
    n.unit,
    n.period_start,
    n.period_end,
    n.known_from,
    n.value,
    n.method,
    array[lag(n.value, 3) over w, lag(n.value, 2) over w, lag(n.value) over w, lead(n.value) over w]
      as around,
    array[lag(n.value, 4) over w, lead(n.value, 4) over w] as a_year_apart
  from newest n
  where n.value is not null
  window w as (partition by n.cik, n.taxonomy, n.tag, n.unit order by n.period_end, n.period_start)
)
select
  n.cik as subject,
  n.tag,
  n.unit,
  n.period_start,
  n.period_end,
  n.value,
  a.smallest as smallest_around,
  a.largest as largest_around
from neighbours n
cross join lateral (
  select min(v) as smallest, max(v) as largest, count(v) as quarters_count
  from unnest(n.around) v) a
where n.method <> 'reported' and a.quarters_count >= 3 and a.smallest > 0
  and (n.value < a.smallest / 3 or n.value > a.largest * 3)
  and not exists (
    select from unnest(n.a_year_apart) y
    where y is not null and (n.value > 0 and y > 0 and abs(ln(n.value / y)) < ln(2)))
