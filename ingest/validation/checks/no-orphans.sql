-- claim: no row refers to a security or filer that does not exist
-- severity: hard
-- why: Foreign keys promise most of this. The rows are counted all the same, so that a dropped or disabled
--      constraint is found.
select 'ticker_history' as subject, c.security_id::text as orphan, count(*) as rows_count
from stocks_research.ticker_history c
where c.security_id is not null
  and not exists (select from stocks_research.securities p where p.security_id = c.security_id)
group by c.security_id
union all
select 'prices_daily' as subject, c.security_id::text as orphan, count(*) as rows_count
from stocks_research.prices_daily c
where c.security_id is not null
  and not exists (select from stocks_research.securities p where p.security_id = c.security_id)
group by c.security_id
union all
select 'corporate_actions' as subject, c.security_id::text as orphan, count(*) as rows_count
from stocks_research.corporate_actions c
where c.security_id is not null
  and not exists (select from stocks_research.securities p where p.security_id = c.security_id)
group by c.security_id
union all
select 'adjustment_factors' as subject, c.security_id::text as orphan, count(*) as rows_count
from stocks_research.adjustment_factors c
where c.security_id is not null
  and not exists (select from stocks_research.securities p where p.security_id = c.security_id)
group by c.security_id
union all
select 'fundamentals_raw' as subject, c.cik::text as orphan, count(*) as rows_count
from stocks_research.fundamentals_raw c
where c.cik is not null
  and not exists (select from stocks_research.securities p where p.cik = c.cik)
group by c.cik
union all
select 'fundamentals_derived' as subject, c.cik::text as orphan, count(*) as rows_count
from stocks_research.fundamentals_derived c
where c.cik is not null
  and not exists (select from stocks_research.fundamentals_raw p where p.cik = c.cik)
group by c.cik
