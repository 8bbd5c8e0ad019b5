-- The ticker of each work item: of a security by the id of its source, of a filer that of its first security.
select s.source_id as id, s.ticker
from stocks_research.securities s
union all
select s.cik, min(s.ticker collate "C")
from stocks_research.securities s
where s.cik is not null
group by s.cik
