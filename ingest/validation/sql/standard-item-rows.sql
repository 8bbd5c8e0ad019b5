-- The standard items of some filers, each row of the table as a line of text. The items that the view gives
-- as not filed are one line a period, with the items in order of name.
-- $1 the filers.
with lines as (
  select
    s.cik,
    array_to_string(
      array[
        s.item,
        s.period_kind,
        s.period_start::text,
        s.period_end::text,
        s.unit,
        s.known_from::text,
        s.known_to::text,
        trim_scale(s.value)::text,
        s.reason,
        s.taxonomy,
        s.tag,
        s.method,
        s.accession,
        s.filed::text,
        s.first_known_on::text,
        trim_scale(s.first_value)::text],
      '|', '') as line
  from stocks_research.fundamentals_standard s
  where s.cik = any ($1::text[])
  union all
  select
    v.cik,
    array_to_string(
      array[
        v.period_kind,
        v.period_start::text,
        v.period_end::text,
        string_agg(v.item, ',' order by v.item collate "C")],
      '|', '')
  from unnest($1::text[]) n (cik)
  -- Filer by filer: a condition on all of them does not reach the inside of the view, which would then be
  -- read whole for each call.
  cross join lateral (
    select *
    from stocks_research.fundamentals_standard_v i
    where i.cik = n.cik
      and i.reason = 'not_filed'
    offset 0
  ) v
  group by v.cik, v.period_kind, v.period_start, v.period_end
)
select l.cik, string_agg(l.line, E'\n') as lines
from lines l
group by l.cik
