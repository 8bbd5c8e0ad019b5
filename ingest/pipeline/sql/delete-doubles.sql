-- Deletes every row of a conflict, and of equal rows all but the first. Returns how many equal rows went, by
-- work item: item_no, copies.
with places as (
  select s.ctid as place, d.is_conflict,
    row_number() over (partition by s.item_no, :s_key order by s.file_no, s.line) as copy
  from pg_temp.staged s
  join pg_temp.doubles d on d.item_no = s.item_no and :same_key
),
gone as (
  delete from pg_temp.staged s
  using places p
  where s.ctid = p.place and (p.is_conflict or p.copy > 1)
  returning s.item_no, p.is_conflict
)
select item_no, count(*)::integer as copies
from gone
where not is_conflict
group by item_no
