-- case: a close that was changed later
-- finds: x | 2020-03-02 | close | 10.01 | 10.5 | null
update stocks_research.prices_daily set close = 10.5 where (security_id, trade_date) = (1, '2020-03-02');

-- case: a close that was stored again
-- finds: nothing
update stocks_research.prices_daily set close = close where (security_id, trade_date) = (1, '2020-03-02');

-- case: a revision of a security that is gone
-- finds: 9 | 2020-03-02 | close | 10.01 | 10.5 | null
update stocks_research.prices_daily set close = 10.5 where (security_id, trade_date) = (1, '2020-03-02');
update ingestion.price_revisions set security_id = 9;
