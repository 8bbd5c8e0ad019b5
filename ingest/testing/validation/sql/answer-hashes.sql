-- The rows of an answer by security or filer, each set as one hash: `security_id` differs between databases,
-- so a row has the source_id in its place. A frame is the SEC's present one, and never that of a past day.
select coalesce(s.source_id, r.row ->> 'cik', '-') as subject, count(*)::int as rows_count,
  md5(string_agg(r.row::text, ' ' order by r.row::text collate "C")) as hash
from (
  select to_jsonb(a) as given, to_jsonb(a) - 'security_id' - 'frame' as row
  from (:answer) a
) r
left join stocks_research.securities s on s.security_id = (r.given ->> 'security_id')::bigint
group by 1
order by 1
