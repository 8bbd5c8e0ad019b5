-- A cursor over the view of standard items, filer by filer, each row as a line of text. Most rows are items
-- that were not filed: those of one period are one line, with the items in order of name. Filers without any
-- row are in the result too. The view computes all filers at once; the cursor keeps the rows on the server.
declare standard_items no scroll cursor for
with rows as (
  select
    v.*,
    v.method = 'none'
      and v.reason = 'not_filed'
      and num_nonnulls(v.unit, v.value, v.taxonomy, v.tag, v.accession, v.known_from) = 0 as is_not_filed
  from stocks_research.fundamentals_standard_v v
), lines as (
  select
    r.cik,
    array_to_string(
      array[
        r.item,
        r.period_kind,
        r.period_start::text,
        r.period_end::text,
        r.unit,
        trim_scale(r.value)::text,
        r.taxonomy,
        r.tag,
        r.method,
        r.accession,
        r.known_from::text,
        r.reason],
      '|', '') as line
  from rows r
  where r.is_not_filed is not true
  union all
  select
    r.cik,
    array_to_string(
      array[
        r.period_kind,
        r.period_start::text,
        r.period_end::text,
        string_agg(r.item, ',' order by r.item collate "C")],
      '|', '')
  from rows r
  where r.is_not_filed
  group by r.cik, r.period_kind, r.period_start, r.period_end
), texts as (
  select l.cik, string_agg(l.line, E'\n') as lines
  from lines l
  group by l.cik
), filers as (
  select distinct r.cik
  from stocks_research.fundamentals_raw r
)
select cik, coalesce(t.lines, '') as lines
from filers f
full join texts t using (cik)
