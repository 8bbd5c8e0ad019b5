-- Of each security the sessions on which it should have a bar, and those on which it has one.
:pairs
select source_id, max(ticker) as ticker, count(*)::integer as expected, count(close)::integer as present
from pairs
group by source_id
order by source_id
