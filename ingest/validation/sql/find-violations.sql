-- The violations that a check's query finds, in a fixed order: as JSON whose values are text, so that no
-- number passes through a binary float on its way into evidence. total: all of them, also beyond the limit.
-- Materialized, since the planner otherwise formats rows before it filters them, and prefers a plan that is
-- fast for the first thousand rows and slow when there is none.
-- $1 the largest number of violations to return.
with violations as materialized (
:query
)
select
  (select jsonb_object_agg(e.key, e.value) from jsonb_each_text(to_jsonb(o)) e) as violation,
  count(*) over () as total
from violations o
order by to_jsonb(o)::text collate "C"
limit $1::bigint
