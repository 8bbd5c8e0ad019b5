-- Adjustment factors of the items $1 as of the day $2; see stocks_research.adjustment_intervals.
select security_id, item as work_item, first_date, last_date, price_factor, total_return_factor,
  split_numerator, split_denominator, events, reason
from stocks_research.adjustment_intervals($2::date, $1::text[])
