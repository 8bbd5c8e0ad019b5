-- The ticker intervals of the securities of the universe (:members).
select s.source_id, t.ticker, t.valid_from, t.valid_to
from stocks_research.ticker_history t
join stocks_research.securities s using (security_id)
where s.source_id = any (:members)
