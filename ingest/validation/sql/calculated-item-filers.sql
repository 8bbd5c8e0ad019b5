-- The sample of filers whose calculated items are recomputed: those with the most parts of $2 filers in an
-- order that looks random, and the next ones of these; $1 in all. $3 the parts.
with recursive filers as (
  (
    select s.cik
    from stocks_research.fundamentals_standard s
    order by s.cik
    limit 1
  )
  union all
  -- From one filer to the next in the index: most vintages are not read.
  select (
    select s.cik
    from stocks_research.fundamentals_standard s
    where s.cik > f.cik
    order by s.cik
    limit 1
  )
  from filers f
  where f.cik is not null
), picked as materialized (
  select f.cik, md5(f.cik) as place
  from filers f
  where f.cik is not null
  order by place
  limit $2
), counted as (
  select p.cik, p.place, count(*) filter (where e.is_stated) as parts
  from picked p
  cross join unnest($3::text[]) n (part)
  cross join lateral (
    select exists (
      select
      from stocks_research.fundamentals_standard s
      where s.cik = p.cik
        and s.item = n.part
    ) as is_stated
  ) e
  group by p.cik, p.place
), ranked as (
  select c.*,
    row_number() over (order by c.parts desc, c.place) as by_parts,
    row_number() over (order by c.place) as by_place
  from counted c
)
select r.cik
from ranked r
order by least(2 * r.by_parts - 1, 2 * r.by_place), r.cik
limit $1
