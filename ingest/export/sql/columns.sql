-- The columns of the relation $1, in order, each with its type and comment.
select
  a.attname::text as name,
  format_type(a.atttypid, null) as type,
  col_description(a.attrelid, a.attnum) as comment
from pg_attribute a
where a.attrelid = $1::regclass
  and a.attnum > 0
  and not a.attisdropped
order by a.attnum
