-- case: a grade that does not follow from the figures
-- finds: x | …
-- finds: y | …
-- finds: z | …
select plant.in_view('security_quality_v', 'q.grade,', 'lower(q.grade) as grade,');

-- case: findings of each kind, about the security, its filer and its number, open and resolved
-- finds: nothing
select plant.finding('x', 'soft', n) from generate_series(1, 3) n;
select plant.finding('0000000002', 'soft', n) from generate_series(1, 4) n;
select plant.finding('3', 'hard', 1), plant.finding('x', 'soft', 9), plant.finding('y', 'soft', 8);
select plant.finding('z', 'soft', 7), plant.finding('2', 'soft', 6), plant.finding('2', 'hard', 5);
update ingestion.findings set accepted_by = 'p', accepted_reason = 'r'
where fingerprint like '%9' or subject = '2';
update ingestion.findings set resolved_at = now() where fingerprint like '%8';
update ingestion.findings set evidence = '{"trade_date": "2020-07-01"}' where fingerprint like '%7';

-- case: sessions without a bar, in gaps of one to eleven
-- finds: nothing
delete from stocks_research.prices_daily
where security_id = 1 and trade_date in ('2020-02-03', '2020-02-05');
delete from stocks_research.prices_daily
where security_id = 2 and trade_date between '2020-02-11' and '2020-02-20';
delete from stocks_research.prices_daily
where security_id = 3 and trade_date between '2020-03-02' and '2020-03-06';
select plant.list(4, '2020-01-02', 3);
insert into stocks_research.prices_daily (security_id, trade_date, close)
select 3 + n, d.session_date, 10
from generate_series(1, 4) n
join (
  select session_date, row_number() over (order by session_date) as no
  from stocks_research.trading_sessions
  where session_date between '2018-01-02' and '2020-06-30') d
  on d.no not between 100 and 99 + (array[5, 6, 10, 11])[n] and d.session_date <> '2020-01-02';
update stocks_research.securities set list_date = '2018-01-02' where security_id > 3;
update stocks_research.ticker_history set valid_from = '2018-01-02' where security_id > 3;

-- case: refused events, known and to come
-- finds: nothing
insert into stocks_research.refused_events (security_id, ex_date, kind, reason, declared_date)
values (1, '2020-06-30', 'split', 'why', '2020-06-30'), (1, null, 'split', 'why', null),
  (2, '2020-07-01', 'split', 'why', null), (3, '2020-03-02', 'split', 'why', '2020-07-01');

-- case: closes of a second source, one of a hundred, and of a thousand, that differ
-- finds: nothing
select plant.second_source();
update ingestion.second_prices set close = close * 1.006 where security_id = 1 and trade_date < '2020-01-04';
update ingestion.second_prices set close = close * 1.006 where security_id = 2 and trade_date < '2020-01-10';
update ingestion.second_prices set close = close * 1.004 where security_id = 2 and trade_date > '2020-05-10';
update ingestion.second_prices set close = close * 1.006 where security_id = 3 and trade_date < '2020-01-17';
delete from ingestion.second_prices where security_id = 3 and trade_date > '2020-05-17';

-- case: quarters on two bases, restated and of later days
-- finds: nothing
update stocks_research.fundamentals_derived set known_from = '2020-06-01', yoy_reason = 'basis_may_differ'
where cik = '0000000001' and unit = 'USD';
update stocks_research.fundamentals_derived set known_from = '2020-06-30' where cik = '0000000002';
update stocks_research.fundamentals_derived set ttm_reason = 'basis_may_differ'
where cik = '0000000002' and unit = 'USD' and method = 'reported';

-- case: a security that was removed from the universe
-- finds: nothing
insert into ingestion.removed_securities (security_id, reason) values (1, 'why');
