-- A bar on Saturday 2021-01-02. No constraint forbids it, so only a check can find it.
insert into stocks_research.prices_daily (security_id, trade_date, close)
select security_id, date '2021-01-02', 1
from stocks_research.securities
order by security_id
limit 1
