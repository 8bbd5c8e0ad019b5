-- Daily prices.
--
-- One row for each security and session, unadjusted, as traded. Adjusted values are computed from these and
-- never stored over them.

create table stocks_research.prices_daily (
  security_id       bigint      not null references stocks_research.securities on delete restrict,
  trade_date        date        not null,
  open              numeric     check (open > 0),
  high              numeric     check (high > 0),
  low               numeric     check (low > 0),
  close             numeric     not null check (close > 0),
  volume            numeric     check (volume >= 0),
  primary key (security_id, trade_date),
  constraint prices_daily_low_is_lowest check (low <= least(open, close, high)),
  constraint prices_daily_high_is_highest check (high >= greatest(open, close, low))
);
-- "All securities on one day" is the second question that research asks; the primary key answers the first.
create index prices_daily_by_date on stocks_research.prices_daily (trade_date);
comment on table stocks_research.prices_daily is
  'Unadjusted daily bars, as traded. One row for each security and session. Adjusted values: '
  'prices_daily_adjusted_v.';
comment on column stocks_research.prices_daily.security_id is
  'The security that traded. Stable across ticker changes.';
comment on column stocks_research.prices_daily.trade_date is 'Exchange session, New York calendar day.';
comment on column stocks_research.prices_daily.open is
  'First trade of the session, trading currency per share, unadjusted; null when the source reports none.';
comment on column stocks_research.prices_daily.high is
  'Highest trade of the session, trading currency per share, unadjusted; null when the source reports none.';
comment on column stocks_research.prices_daily.low is
  'Lowest trade of the session, trading currency per share, unadjusted; null when the source reports none.';
comment on column stocks_research.prices_daily.close is
  'Last trade of the session, trading currency per share, unadjusted.';
comment on column stocks_research.prices_daily.volume is
  'Shares traded in the session, unadjusted; a decimal, since some sources report fractional lots; null '
  'when the source reports none.';

select ingestion.watch_table('stocks_research.prices_daily');
select ingestion.version_table('stocks_research.prices_daily', 'security_id');

create table ingestion.price_revisions (
  revision_id       bigint      generated always as identity primary key,
  security_id       bigint      not null,
  trade_date        date        not null,
  field             text        not null check (field in ('open', 'high', 'low', 'close', 'volume')),
  old_value         numeric,
  new_value         numeric,
  run_id            uuid,
  revised_at        timestamptz not null default now(),
  constraint price_revisions_differ check (old_value is distinct from new_value)
);
create index price_revisions_by_bar on ingestion.price_revisions (security_id, trade_date);
comment on table ingestion.price_revisions is
  'Every value of a stored bar that was overwritten later, written by a trigger: it shows when a source '
  'restates its history.';
comment on column ingestion.price_revisions.revision_id is 'Identity of the revision.';
comment on column ingestion.price_revisions.security_id is 'The security of the bar.';
comment on column ingestion.price_revisions.trade_date is 'The session of the bar.';
comment on column ingestion.price_revisions.field is 'Which value of the bar.';
comment on column ingestion.price_revisions.old_value is 'The value before.';
comment on column ingestion.price_revisions.new_value is 'The value after.';
comment on column ingestion.price_revisions.run_id is 'The run that overwrote it; null for a manual edit.';
comment on column ingestion.price_revisions.revised_at is 'When it was overwritten, UTC.';

create function ingestion.record_price_revisions() returns trigger
language plpgsql security definer
set search_path = pg_catalog
as $$
begin
  insert into ingestion.price_revisions (security_id, trade_date, field, old_value, new_value, run_id)
  select n.security_id, n.trade_date, f.field, f.old_value, f.new_value,
    nullif(current_setting('stocks_research.run_id', true), '')::uuid
  from new_rows n
  join old_rows o using (security_id, trade_date)
  cross join lateral (
    values
      ('open', o.open, n.open),
      ('high', o.high, n.high),
      ('low', o.low, n.low),
      ('close', o.close, n.close),
      ('volume', o.volume, n.volume)
  ) f (field, old_value, new_value)
  where f.old_value is distinct from f.new_value
  order by n.security_id, n.trade_date, f.field;
  return null;
end
$$;
comment on function ingestion.record_price_revisions() is
  'Statement trigger: writes one row of ingestion.price_revisions for each value of a bar that changes.';
create trigger price_revisions after update on stocks_research.prices_daily
  referencing new table as new_rows old table as old_rows
  for each statement execute function ingestion.record_price_revisions();
