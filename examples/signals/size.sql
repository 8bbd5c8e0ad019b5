-- Size (Banz 1981): the logarithm of the capitalisation of the company, all of its classes.
select c.as_of as day, c.security_id, ln(c.filer_market_cap) as value
from stocks_research.market_cap_panel(stocks_research.month_ends(:'from', :'to')) c;
