-- The facts of the filers of the universe (:members), each as the hash of its row.
select f.cik, md5(row(f.*)::text) as fact_md5
from stocks_research.fundamentals_raw f
where f.cik in (select s.cik from stocks_research.securities s where s.source_id = any (:members))
