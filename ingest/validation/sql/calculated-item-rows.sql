-- The calculated items of some filers on some days, each row as a line of text: of every period, then of the
-- newest one, and earnings per share of four quarters.
-- $1 the days, $2 the filers, $3 the calculated items.
select d.day::text as day, c.cik, 'calculated_items_as_of' as routine, array_to_string(
    array[
      c.item,
      c.period_kind,
      c.period_start::text,
      c.period_end::text,
      c.unit,
      trim_scale(c.value)::text,
      c.reason,
      c.accession,
      c.known_from::text,
      c.first_known_on::text],
    '|', '') as line
from unnest($1::date[]) d (day)
cross join lateral stocks_research.calculated_items_as_of(d.day, $2::text[]) c
union all
select p.as_of::text, p.cik, 'fundamentals_panel', array_to_string(
    array[
      p.item,
      p.period_kind,
      p.period_start::text,
      p.period_end::text,
      p.unit,
      trim_scale(p.value)::text,
      p.reason,
      trim_scale(p.ttm_value)::text,
      p.ttm_reason,
      p.tag,
      p.accession,
      p.known_from::text,
      p.first_known_on::text],
    '|', '')
from stocks_research.fundamentals_panel($1::date[], $3::text[], $2::text[]) p
union all
select e.as_of::text, e.cik, 'eps_panel', array_to_string(
    array[
      e.item,
      e.period_start::text,
      e.period_end::text,
      e.unit,
      trim_scale(e.value)::text,
      e.reason,
      e.accession,
      e.known_from::text,
      e.first_known_on::text],
    '|', '')
from stocks_research.eps_panel($1::date[], $2::text[]) e
