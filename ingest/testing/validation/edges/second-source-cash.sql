-- case: one source has another amount, another day, or no payment
-- finds: x | the amount differs | 2020-03-02 | 2020-03-02 | 0.10 | 0.12
-- finds: x | the day differs | 2020-05-04 | 2020-05-11 | 0.20 | 0.20
-- finds: y | only the second source has it | null | 2020-05-04 | null | 5
-- finds: z | the second source does not have it | 2020-03-02 | null | 0.3 | null
select plant.pay(1, '2020-03-02', 0.10), plant.pay(1, '2020-05-04', 0.20), plant.pay(3, '2020-03-02', 0.3);
select plant.second_source();
update ingestion.second_events set cash_amount = 0.12 where (security_id, ex_date) = (1, '2020-03-02');
update ingestion.second_events set ex_date = '2020-05-11' where (security_id, ex_date) = (1, '2020-05-04');
delete from ingestion.second_events where (security_id, ex_date) = (3, '2020-03-02');
insert into ingestion.second_events (security_id, ex_date, cash_amount) values (2, '2020-05-04', 5);

-- case: eight days apart
-- finds: x | only the second source has it | null | 2020-05-12 | null | 0.2
-- finds: x | the second source does not have it | 2020-05-04 | null | 0.2 | null
select plant.pay(1, '2020-05-04', 0.2), plant.second_source();
update ingestion.second_events set ex_date = '2020-05-12' where (security_id, ex_date) = (1, '2020-05-04');

-- case: a per cent, a rounding, two payments of one day, and days that are not compared
-- finds: nothing
select plant.pay(1, '2020-03-02', 1), plant.pay(1, '2020-03-16', 0.126), plant.pay(1, '2020-03-23', 0.13);
select plant.pay(1, '2020-05-04', 0.2), plant.pay(1, '2020-05-04', 0.1, 'spin_off');
select plant.pay(1, '2020-05-18', 0), plant.second_source();
update ingestion.second_events set cash_amount = 1.01 where (security_id, ex_date) = (1, '2020-03-02');
update ingestion.second_events set cash_amount = 0.13 where (security_id, ex_date) = (1, '2020-03-16');
update ingestion.second_events set cash_amount = 0.126 where (security_id, ex_date) = (1, '2020-03-23');
delete from ingestion.second_events where (security_id, ex_date) in ((1, '2020-05-04'), (1, '2020-05-18'));
insert into ingestion.second_events (security_id, ex_date, cash_amount)
values (1, '2020-05-04', 0.3), (1, '2020-01-02', 2), (1, '2020-07-01', 2), (2, '2020-01-02', 7);

-- case: more than a per cent, and the last day that is compared
-- finds: x | only the second source has it | null | 2020-06-30 | null | 2
-- finds: x | the amount differs | 2020-03-02 | 2020-03-02 | 10.000 | 9.89
select plant.pay(1, '2020-03-02', 10.000), plant.second_source();
update ingestion.second_events set cash_amount = 9.89 where (security_id, ex_date) = (1, '2020-03-02');
insert into ingestion.second_events (security_id, ex_date, cash_amount) values (1, '2020-06-30', 2);

-- case: moved by a week, rounded, or a per cent apart
-- finds: x | the day differs | 2020-03-02 | 2020-02-24 | 1 | 1.01
-- finds: x | the day differs | 2020-03-16 | 2020-03-17 | 0.126 | 0.13
-- finds: x | the day differs | 2020-04-06 | 2020-04-07 | 0.13 | 0.126
select plant.pay(1, '2020-03-02', 1), plant.pay(1, '2020-03-16', 0.126), plant.pay(1, '2020-04-06', 0.13);
select plant.second_source();
update ingestion.second_events set cash_amount = 1.01, ex_date = '2020-02-24'
where (security_id, ex_date) = (1, '2020-03-02');
update ingestion.second_events set cash_amount = 0.13, ex_date = '2020-03-17'
where (security_id, ex_date) = (1, '2020-03-16');
update ingestion.second_events set cash_amount = 0.126, ex_date = '2020-04-07'
where (security_id, ex_date) = (1, '2020-04-06');

-- case: a source that does not report dividends
-- finds: nothing
select plant.pay(1, '2020-03-02', 1), plant.second_source(true, false);
delete from ingestion.second_events where cash_amount is not null;

-- case: the first and the last day that is compared, of our payments
-- finds: x | the second source does not have it | 2020-06-30 | null | 1 | null
-- finds: z | only the second source has it | null | 2020-03-02 | null | 1
select plant.second_source();
select plant.pay(1, '2020-01-02', 1), plant.pay(1, '2020-06-30', 1), plant.pay(1, '2020-07-01', 1);
insert into ingestion.second_events (security_id, ex_date, cash_amount) values (3, '2020-03-02', 1);

-- case: half of a dollar and two dollars, on one day and a day later
-- finds: x | the amount differs | 2020-03-02 | 2020-03-02 | 0.5 | 2
-- finds: z | only the second source has it | null | 2020-03-03 | null | 2
-- finds: z | the second source does not have it | 2020-03-02 | null | 0.5 | null
select plant.pay(1, '2020-03-02', 0.5), plant.pay(3, '2020-03-02', 0.5), plant.second_source();
update ingestion.second_events set cash_amount = 2, ex_date = ex_date + (security_id = 3)::int
where ex_date = '2020-03-02';

-- case: a hundredth, and a rounding to three decimals, on one day
-- finds: nothing
select plant.pay(1, '2020-03-02', 0.99), plant.pay(1, '2020-03-16', 0.0126),
  plant.pay(1, '2020-04-06', 0.013);
select plant.second_source();
update ingestion.second_events set cash_amount = 1 where (security_id, ex_date) = (1, '2020-03-02');
update ingestion.second_events set cash_amount = 0.013 where (security_id, ex_date) = (1, '2020-03-16');
update ingestion.second_events set cash_amount = 0.0126 where (security_id, ex_date) = (1, '2020-04-06');
