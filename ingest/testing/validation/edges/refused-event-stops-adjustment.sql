-- case: a dividend, a split, and an event of a day that is not known
-- finds: x | 2020-03-01 | cash_dividend | told twice | 2020-01-15 | 2020-06-30
--   | 1.000000000000000000000000000000000000000000000000000000000000
--   | 1.000000000000000000000000000000000000000000000000000000000000 | 1
-- finds: y | null | split | no day | 2020-04-15 | 2020-06-30
--   | 1.000000000000000000000000000000000000000000000000000000000000
--   | 1.000000000000000000000000000000000000000000000000000000000000 | 1
delete from stocks_research.adjustment_factors where last_date < '2020-06-30' and security_id < 3;
insert into stocks_research.refused_events (security_id, ex_date, kind, reason)
values (1, '2020-03-01', 'cash_dividend', 'told twice'), (2, null, 'split', 'no day');

-- case: a change of name, a merger, an end of a listing
-- finds: nothing
insert into stocks_research.refused_events (security_id, ex_date, kind, reason)
values (1, '2020-03-01', 'name_change', 'why'), (2, '2020-03-01', 'merger', 'why'),
  (3, '2020-03-01', 'delisting', 'why');

-- case: the first session, and a day after the listing
-- finds: nothing
insert into stocks_research.refused_events (security_id, ex_date, kind, reason)
values (1, '2020-01-02', 'split', 'why'), (3, '2020-06-20', 'split', 'why'),
  (2, '2020-07-01', 'split', 'why');

-- case: the second session, and the last day of the listing
-- finds: x | 2020-01-03 | split | why | 2020-01-02 | 2020-01-14
--   | 0.995019920318725099601593625498007968127490039840637450199203
--   | 0.995024875621890547263681592039800995024875621890547263681592 | 1
-- finds: z | 2020-06-19 | split | why | 2020-01-06 | 2020-01-14
--   | 0.988059796634073802568319018967074799577292099724801619118668
--   | 0.988142385667138142385667138142385667138142385667138142385668 | 1
-- finds: z | 2020-06-19 | split | why | 2020-01-15 | 2020-04-14
--   | 0.994017946161515453639082751744765702891326021934197407776670
--   | 0.994059405940594059405940594059405940594059405940594059405941 | 1
-- finds: z | 2020-06-19 | split | why | 2020-04-15 | 2020-06-19
--   | 1.000000000000000000000000000000000000000000000000000000000000
--   | 1.000000000000000000000000000000000000000000000000000000000000 | 1
delete from stocks_research.adjustment_factors where security_id = 2;
insert into stocks_research.refused_events (security_id, ex_date, kind, reason)
values (1, '2020-01-03', 'split', 'why'), (3, '2020-06-19', 'split', 'why');

-- case: declared after the factors were made
-- finds: nothing
insert into stocks_research.refused_events (security_id, ex_date, kind, reason, declared_date)
values (1, '2020-03-02', 'split', 'why', '2020-07-01');

-- case: declared on the day on which the factors were made
-- finds: x | 2020-03-02 | split | why | 2020-01-02 | 2020-01-14
--   | 0.995019920318725099601593625498007968127490039840637450199203
--   | 0.995024875621890547263681592039800995024875621890547263681592 | 1
-- finds: x | 2020-03-02 | split | why | 2020-01-15 | 2020-06-30
--   | 1.000000000000000000000000000000000000000000000000000000000000
--   | 1.000000000000000000000000000000000000000000000000000000000000 | 1
insert into stocks_research.refused_events (security_id, ex_date, kind, reason, declared_date)
values (1, '2020-03-02', 'split', 'why', '2020-06-30');

-- case: factors that were made as of an earlier day
-- finds: nothing
select plant.adjust('2020-03-02');
insert into stocks_research.refused_events (security_id, ex_date, kind, reason)
values (1, '2020-03-03', 'split', 'why');
insert into ingestion.items (run_id, job, provider, item, start_date, end_date, status)
select plant.run('2020-06-30'), 'prices-daily', 'test', 'x', '2020-01-02', '2020-06-30', 'ok';

-- case: factors that were made as of the day of the event
-- finds: x | 2020-03-02 | split | why | 2020-01-02 | 2020-01-14
--   | 0.995019920318725099601593625498007968127490039840637450199203
--   | 0.995024875621890547263681592039800995024875621890547263681592 | 1
-- finds: x | 2020-03-02 | split | why | 2020-01-15 | 2020-03-02
--   | 1.000000000000000000000000000000000000000000000000000000000000
--   | 1.000000000000000000000000000000000000000000000000000000000000 | 1
select plant.adjust('2020-03-02');
insert into stocks_research.refused_events (security_id, ex_date, kind, reason)
values (1, '2020-03-02', 'split', 'why');

-- case: a dividend stops the total return, and not the splits
-- finds: x | 2020-06-25 | special_dividend | why | 2020-01-02 | 2020-01-14 | null | 1 | 1
-- finds: x | 2020-06-25 | special_dividend | why | 2020-01-15 | 2020-06-30 | null | 1 | 1
-- finds: z | 2020-01-08 | stock_dividend | why | 2020-01-06 | 2020-01-14 | null | null | 1
select plant.drop_constraint('adjustment_factors', 'adjustment_factors_null_has_reason');
update stocks_research.adjustment_factors
set price_factor = null, total_return_factor = case when security_id = 1 then 1 end;
insert into stocks_research.refused_events (security_id, ex_date, kind, reason)
values (1, '2020-06-25', 'special_dividend', 'why'), (2, '2020-02-03', 'special_dividend', 'why'),
  (3, '2020-01-08', 'stock_dividend', 'why');
