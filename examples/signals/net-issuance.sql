-- Net issuance (Pontiff and Woodgate 2008): growth of the shares in a year, on one share basis.
with counts as materialized (
  select c.as_of as day, date_trunc('month', c.as_of) as month, c.security_id, c.trade_date, c.filer_shares
  from stocks_research.market_cap_panel(
    stocks_research.month_ends((:'from'::date - interval '13 months')::date, :'to')
  ) c
)
select n.day, n.security_id,
  ln(n.filer_shares / b.filer_shares
    / stocks_research.split_ratio(n.security_id, b.trade_date, n.trade_date)) as value
from counts n
join counts b
  on b.security_id = n.security_id
  and b.month = n.month - interval '1 year'
where n.day >= :'from';
