-- The securities of the universe (:members), as text, by source_id.
select s.source_id, s.ticker, s.name, s.exchange_mic, s.security_type, s.currency, s.cik, s.figi,
  s.share_class_figi, s.list_date::text, s.delist_date::text, s.is_listed::text
from stocks_research.securities s
where s.source_id = any (:members)
