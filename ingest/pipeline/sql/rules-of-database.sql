-- What the database itself says about how records are read: hashes of the calendar and of the migrations.
select
  (
    select md5(string_agg(c::text, '|' order by c.session_date))
    from stocks_research.trading_sessions c) as calendar,
  (
    select md5(string_agg(m.name || ' ' || m.sha256, '|' order by m.name))
    from ingestion.migrations m) as migrations
