-- Earnings yield (Basu 1977): net income of four quarters by capitalisation.
select c.as_of as day, c.security_id, f.ttm_value / c.filer_market_cap as value
from stocks_research.market_cap_panel(stocks_research.month_ends(:'from', :'to')) c
join stocks_research.fundamentals_panel(
  stocks_research.month_ends(:'from', :'to', 1), array['net_income'], null, 'USD'
) f
  on f.cik = c.cik
  and f.as_of = c.as_of - 1
where f.period_end > f.as_of - 400;
