-- claim: adjusted closes are null exactly where a reason is given
-- severity: hard
-- job: adjustment-factors
-- why: A null without a reason looks like a hole in the data; a reason beside a value contradicts it.
select v.security_id::text as subject, v.trade_date, v.adjustment_reason
from stocks_research.prices_daily_adjusted_v v
where (v.adj_close is null or v.total_return_close is null) <> (v.adjustment_reason is not null)
