-- Dividend yield (Litzenberger and Ramaswamy 1979): ordinary dividends of the year by the close.
select p.day, p.security_id, coalesce(d.ordinary, 0) / p.close as value
from stocks_research.prices_panel(stocks_research.month_ends(:'from', :'to')) p
join stocks_research.securities s on s.security_id = p.security_id
left join stocks_research.trailing_dividends_panel(stocks_research.month_ends(:'from', :'to')) d
  on d.as_of = p.day
  and d.security_id = p.security_id
  and d.currency = s.currency;
