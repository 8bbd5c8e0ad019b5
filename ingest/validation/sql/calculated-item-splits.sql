-- Splits of the first security of each of some filers, each column of a filer in one text.
-- $1 the filers.
select r.cik, :columns
from (
  select
    s.cik,
    a.ex_date,
    a.declared_date,
    trim_scale(a.split_from) as split_from,
    trim_scale(a.split_to) as split_to
  from stocks_research.securities s
  join stocks_research.corporate_actions a using (security_id)
  where s.cik = any ($1::text[])
    and s.security_id = (select min(x.security_id) from stocks_research.securities x where x.cik = s.cik)
    and a.kind in ('split', 'stock_dividend')) r
group by r.cik
