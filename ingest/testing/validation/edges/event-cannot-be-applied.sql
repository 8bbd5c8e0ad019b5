-- case: factors of two securities that have a reason
-- finds: y | why | 2020-01-02 | 2020-06-30
update stocks_research.adjustment_factors set price_factor = null, reason = 'why' where security_id = 2;

-- case: factors without a reason
-- finds: nothing
update stocks_research.adjustment_factors set price_factor = 0.9 where price_factor < 1;
