-- The rows of an answer by security or filer, each set as one hash: `security_id` differs between databases,
-- so a row has the source_id in its place. A frame is the SEC's present one, and never that of a past day.
-- `offset 0` keeps the text of a row from being made once for each of its uses.
select coalesce(s.source_id, r.cik, '-') as subject, count(*)::int as rows_count,
  md5(string_agg(r.line, ' ' order by r.line collate "C")) as hash
from (
  select (g.given ->> 'security_id')::bigint as security_id, g.given ->> 'cik' as cik,
    (g.given - array['security_id', 'frame'])::text as line
  from (select to_jsonb(a) as given from (:answer) a offset 0) g
  offset 0
) r
left join stocks_research.securities s on s.security_id = r.security_id
group by 1
order by 1
