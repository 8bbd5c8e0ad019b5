-- Standard items as they were known at the end of the day $day: no look-ahead, restatements included.
select
  cik,
  item,
  period_kind,
  period_end,
  unit,
  value,
  filed
from fundamentals_standard
where known_from <= $day::date
  and (known_to is null or known_to > $day::date)
  and value is not null
order by cik, item, period_end, period_start, unit
