-- Every staged row whose key has another row with different values, with its place in the source.
select s.item_no, s.file_no, s.line::float8 as line,
  to_jsonb(s) - 'item_no' - 'file_no' - 'line' as record,
  count(*) over (partition by s.item_no, :s_key)::integer as places
from pg_temp.staged s
join pg_temp.doubles d on d.item_no = s.item_no and :same_key
where d.is_conflict
order by s.item_no, :s_key, s.file_no, s.line
