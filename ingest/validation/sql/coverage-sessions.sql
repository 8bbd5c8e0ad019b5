-- By month: of each session in turn, how many securities were listed, and how many have a bar.
:pairs, sessions as (
  select session_date, count(*) as listed, count(close) as bars
  from pairs
  group by 1
)
select
  to_char(session_date, 'YYYY-MM') as month,
  string_agg(listed::text, ' ' order by session_date) as listed,
  string_agg(bars::text, ' ' order by session_date) as bars
from sessions
group by 1
order by 1
