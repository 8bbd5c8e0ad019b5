-- case: one source has another ratio, another day, or no split
-- finds: x | the amount differs | 2020-03-02 | 2020-03-02 | 2.000000000000 | 2.001000000000
-- finds: x | the day differs | 2020-05-04 | 2020-05-11 | 1.333333333333 | 1.333333333333
-- finds: y | only the second source has it | null | 2020-05-04 | null | 5.000000000000
-- finds: z | the second source does not have it | 2020-03-02 | null | 3.000000000000 | null
select plant.split(1, '2020-03-02', 1, 2), plant.split(1, '2020-05-04', 3, 4),
  plant.split(3, '2020-03-02', 1, 3);
select plant.second_source();
update ingestion.second_events set split_ratio = 2.001 where (security_id, ex_date) = (1, '2020-03-02');
update ingestion.second_events set ex_date = '2020-05-11' where (security_id, ex_date) = (1, '2020-05-04');
delete from ingestion.second_events where security_id = 3;
insert into ingestion.second_events (security_id, ex_date, split_ratio) values (2, '2020-05-04', 5);

-- case: eight days apart
-- finds: x | only the second source has it | null | 2020-05-12 | null | 1.333333333333
-- finds: x | the second source does not have it | 2020-05-04 | null | 1.333333333333 | null
select plant.split(1, '2020-05-04', 3, 4), plant.second_source();
update ingestion.second_events set ex_date = '2020-05-12' where (security_id, ex_date) = (1, '2020-05-04');

-- case: to a ten-thousandth, two splits of one day, and days that are not compared
-- finds: nothing
select plant.split(1, '2020-03-02', 3, 4), plant.split(1, '2020-05-04', 1, 2),
  plant.split(1, '2020-05-04', 1, 3);
select plant.second_source();
update ingestion.second_events set split_ratio = 1.3334 where (security_id, ex_date) = (1, '2020-03-02');
delete from ingestion.second_events where (security_id, ex_date) = (1, '2020-05-04');
insert into ingestion.second_events (security_id, ex_date, split_ratio)
values (1, '2020-05-04', 6), (1, '2020-01-02', 2), (1, '2020-07-01', 2), (2, '2020-01-02', 7);

-- case: the last day that is compared, and a ten-thousandth apart
-- finds: x | only the second source has it | null | 2020-06-30 | null | 2.000000000000
select plant.split(1, '2020-03-02', 1, 2), plant.second_source();
update ingestion.second_events set split_ratio = 2.0002 where (security_id, ex_date) = (1, '2020-03-02');
insert into ingestion.second_events (security_id, ex_date, split_ratio) values (1, '2020-06-30', 2);

-- case: a source that does not report splits
-- finds: nothing
select plant.split(1, '2020-03-02', 1, 2), plant.second_source(false, true);
delete from ingestion.second_events;
