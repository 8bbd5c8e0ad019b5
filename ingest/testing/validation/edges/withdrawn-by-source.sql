-- case: a bar that its source no longer has
-- finds: x | prices-daily | test | 1 | 2020-03-02 | 2020-03-02 | []
insert into ingestion.withdrawals
  (run_id, job, provider, item, rows_count, first_date, last_date, examples)
values (plant.run('2020-06-30'), 'prices-daily', 'test', 'x', 1, '2020-03-02', '2020-03-02', '[]');

-- case: a run without a withdrawal
-- finds: nothing
select plant.run('2020-06-30');
