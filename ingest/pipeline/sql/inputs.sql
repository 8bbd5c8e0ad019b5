-- For each work item a fingerprint of what it is derived from (the text of the rule, the day where it counts,
-- the versions of the input rows), and its rows when nothing has changed since it was last derived.
--   $1 items   $2 input tables   $3 output tables   $4 functions of the rule   $5 query   $6 day   $7 job
with rule as (
  select string_agg(pg_get_functiondef(r::regprocedure), '' order by position) as text
  from unnest($4::text[]) with ordinality f (r, position)
),
parts as (
  select i.item, s.subject,
    concat_ws('|', $6::text, rule.text, $5::text, ingestion.versions_of($2, s.subject):others) as text
  from unnest($1::text[]) i (item)
  cross join rule
  :subjects
),
now as (
  select item, encode(sha256(convert_to(text, 'UTF8')), 'hex') as inputs_sha256,
    ingestion.versions_of($3::text[], subject) as output_versions
  from parts
)
select n.item, n.inputs_sha256,
  case
    when d.inputs_sha256 = n.inputs_sha256 and d.output_versions = n.output_versions
    then d.rows_count::integer
  end as rows_unchanged
from now n
left join ingestion.derived_inputs d on d.job = $7 and d.item = n.item
