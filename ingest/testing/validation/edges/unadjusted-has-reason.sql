-- case: a reason beside two values
-- finds: 3 | 2020-01-06 | why
-- finds: 3 | 2020-01-07 | why
select plant.drop_constraint('adjustment_factors', 'adjustment_factors_null_has_reason');
update stocks_research.adjustment_factors set reason = 'why'
where security_id = 3 and first_date <= '2020-01-06';
delete from stocks_research.prices_daily
where security_id = 3 and trade_date between '2020-01-08' and '2020-02-01';

-- case: one of the two closes, and no reason
-- finds: 2 | 2020-01-08 | null
-- finds: 3 | 2020-01-08 | null
select plant.drop_constraint('adjustment_factors', 'adjustment_factors_null_has_reason');
delete from stocks_research.prices_daily where trade_date <> '2020-01-08';
update stocks_research.adjustment_factors set total_return_factor = null where security_id = 3;
update stocks_research.adjustment_factors set price_factor = null where security_id = 2;

-- case: no values, and a reason
-- finds: nothing
update stocks_research.adjustment_factors
set price_factor = null, total_return_factor = null, reason = 'why' where security_id = 2;
