-- case: half of the last close, and twice of it
-- finds: nothing
update stocks_research.corporate_actions set shares_per_share = 1, cash_amount = 20 - 12.02
where kind = 'merger';
select plant.close(3, '2020-06-19', 40), plant.close(2, '2020-06-19', 12.02);
select plant.ended(1, '2020-06-30', 20);

-- case: less than half of the last close, and more than twice of it
-- finds: x | merger_cash | 2020-06-30 | 10.00 | 20.01 | 20.01 | null | 2.0010
-- finds: z | merger_mixed | 2020-06-19 | 40 | 19.99 | 7.97 | 1 | 0.4998
update stocks_research.corporate_actions set shares_per_share = 1, cash_amount = 20 - 12.03
where kind = 'merger';
select plant.close(3, '2020-06-19', 40), plant.close(2, '2020-06-19', 12.02);
select plant.ended(1, '2020-06-30', 20.01);

-- case: worthless shares
-- finds: nothing
select plant.ended(1, '2020-06-30', 0.01, 'worthless');
