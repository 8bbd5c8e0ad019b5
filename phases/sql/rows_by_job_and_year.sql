-- Rows of each job by year: of the bar, the ex-date, the end of the period.
select 'prices-daily' as job, extract(year from trade_date)::int as year, count(*)::int as rows
from stocks_research.prices_daily
group by 2
union all
select 'corporate-actions', extract(year from ex_date)::int, count(*)::int
from stocks_research.corporate_actions
group by 2
union all
select 'fundamentals-raw', extract(year from period_end)::int, count(*)::int
from stocks_research.fundamentals_raw
group by 2
union all
select 'fundamentals-derived', extract(year from period_end)::int, count(*)::int
from stocks_research.fundamentals_derived
group by 2
order by 1, 2
