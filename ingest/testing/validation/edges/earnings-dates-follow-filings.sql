-- case: a view that overlooks the announcement
-- finds: 0000000001 | 2020-03-31 | report | news | 2020-05-01 | 2020-04-21
select plant.announced();
select plant.in_view('earnings_dates_v', '''2.02''', '''9.02''');

-- case: announcements in order of their day, their moment and their accession
-- finds: nothing
select plant.announced();
select plant.filing(1, 'late', '8-K', '2020-04-22', '2020-04-22 08:00-04', null, '{2.02}'),
  plant.filing(1, 'first', '8-K', '2020-04-21', '2020-04-21 07:00-04', null, '{9.01,2.02}'),
  plant.filing(1, 'equal', '8-K', '2020-04-21', '2020-04-21 07:00-04', null, '{2.02}'),
  plant.filing(1, 'other', '8-K', '2020-04-20', '2020-04-20 07:00-04', null, '{9.01}'),
  plant.filing(1, 'form', '6-K', '2020-04-20', '2020-04-20 07:00-04', null, '{2.02}'),
  plant.filing(2, 'theirs', '8-K', '2020-04-15', '2020-04-15 17:00-04', null, '{2.02}'),
  plant.filing(2, 'theirs q', '10-Q', '2020-04-30', null, '2020-03-31'),
  plant.filing(2, 'theirs a', '10-Q', '2020-04-30', '2020-04-30 08:00-04', '2019-12-31'),
  plant.filing(2, 'theirs k', '10-K', '2020-03-02', '2020-03-02 18:00-05', '2019-12-31');

-- case: an announcement on the last day of the period, on the day of the report, and after the report
-- finds: nothing
select plant.filing(1, 'q', '10-Q', '2020-04-30', '2020-04-30 16:30-04', '2020-03-31'),
  plant.filing(1, 'n', '8-K', '2020-03-31', '2020-03-31 16:30-04', null, '{2.02}'),
  plant.filing(2, 'q', '10-Q', '2020-04-30', '2020-04-30 16:30-04', '2020-03-31'),
  plant.filing(2, 'n', '8-K', '2020-04-30', '2020-04-30 16:31-04', null, '{2.02}'),
  plant.filing(3, 'q', '10-Q', '2020-04-30', '2020-04-30 16:30-04', '2020-03-31'),
  plant.filing(3, 'n', '8-K', '2020-04-30', '2020-04-30 16:30-04', null, '{2.02}'),
  plant.filing(4, 'q', '10-Q', '2020-04-30', null, '2020-03-31'),
  plant.filing(4, 'n', '8-K', '2020-05-01', null, null, '{2.02}'),
  plant.filing(5, 'q', '10-Q', '2020-05-02', null, '2020-03-31'),
  plant.filing(5, 'k', '10-K', '2020-05-02', null, '2019-12-31'),
  plant.filing(5, 'n', '8-K', '2020-04-01', null, null, '{2.02}'),
  plant.filing(5, 'm', '8-K', '2020-03-31', null, null, '{2.02}');
