-- The bars of the securities of the universe (:members), from :start_date to :end_date.
select s.source_id, p.trade_date, p.open, p.high, p.low, p.close, p.volume
from stocks_research.prices_daily p
join stocks_research.securities s using (security_id)
where s.source_id = any (:members)
  and p.trade_date between :start_date and :end_date
