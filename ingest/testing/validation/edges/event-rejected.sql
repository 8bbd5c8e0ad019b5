-- case: a split that was rejected
-- finds: y | 2020-03-02 | split | told twice
insert into stocks_research.refused_events (security_id, ex_date, kind, reason)
values (2, '2020-03-02', 'split', 'told twice');

-- case: a split that was not
-- finds: nothing
select plant.split(1, '2020-03-02', 1, 2);
