-- What a second source reports for closes, splits and dividends.
--
-- It is compared with the data and never mixed with it: no row of it is in stocks_research, no price or
-- factor is computed from it.

create table ingestion.second_source (
  is_only_row       boolean     primary key default true check (is_only_row),
  source            text        not null,
  sha256            text        not null check (sha256 ~ '^[0-9a-f]{64}$'),
  has_splits        boolean     not null,
  has_dividends     boolean     not null,
  rows_read         bigint      not null check (rows_read >= 0),
  rows_kept         bigint      not null check (rows_kept >= 0),
  rows_skipped      bigint      not null check (rows_skipped >= 0),
  rows_rejected     bigint      not null check (rows_rejected >= 0),
  rows_contradicted bigint      not null check (rows_contradicted >= 0),
  loaded_at         timestamptz not null default now()
);
comment on table ingestion.second_source is
  'The second source in the tables second_*; a new one replaces the old one.';
comment on column ingestion.second_source.is_only_row is 'Always true: the table has one row.';
comment on column ingestion.second_source.source is 'Where it was read, e.g. flat-files:<folder>.';
comment on column ingestion.second_source.sha256 is 'SHA-256 over the hashes of its files.';
comment on column ingestion.second_source.has_splits is
  'Whether it reports splits; otherwise none is missing in it.';
comment on column ingestion.second_source.has_dividends is
  'Whether it reports dividends; otherwise none is missing in it.';
comment on column ingestion.second_source.rows_read is
  'Bars and events that were read: kept, skipped, rejected, contradicted or repeated.';
comment on column ingestion.second_source.rows_kept is 'Bars and events of securities of this database.';
comment on column ingestion.second_source.rows_skipped is
  'Bars and events of other securities, by id, or by ticker on the day.';
comment on column ingestion.second_source.rows_rejected is 'Records that break their format.';
comment on column ingestion.second_source.rows_contradicted is
  'Closes that the source reports twice with different values; none of them is compared.';
comment on column ingestion.second_source.loaded_at is 'When it was read, UTC.';

create table ingestion.second_prices (
  security_id       bigint      not null references stocks_research.securities on delete cascade,
  trade_date        date        not null,
  close             numeric     not null check (close > 0),
  primary key (security_id, trade_date)
);
comment on table ingestion.second_prices is 'Raw closes of the second source.';
comment on column ingestion.second_prices.security_id is 'The security of the close.';
comment on column ingestion.second_prices.trade_date is 'Exchange session, New York calendar day.';
comment on column ingestion.second_prices.close is 'Unadjusted close.';

create table ingestion.second_events (
  event_id          bigint      generated always as identity primary key,
  security_id       bigint      not null references stocks_research.securities on delete cascade,
  ex_date           date        not null,
  cash_amount       numeric     check (cash_amount >= 0),
  split_ratio       numeric     check (split_ratio > 0),
  constraint second_events_one_term check ((cash_amount is null) <> (split_ratio is null))
);
create index second_events_by_security on ingestion.second_events (security_id, ex_date);
comment on table ingestion.second_events is 'Payments and splits of the second source.';
comment on column ingestion.second_events.event_id is 'Identity of the row.';
comment on column ingestion.second_events.security_id is 'The security of the event.';
comment on column ingestion.second_events.ex_date is 'Ex-date.';
comment on column ingestion.second_events.cash_amount is
  'Cash per share as paid on the ex-date; null for a split.';
comment on column ingestion.second_events.split_ratio is 'New shares per old share; null for a payment.';

-- Where both sources have values, so that one can miss what the other has.
create view ingestion.second_source_coverage_v as
select s.security_id, s.source_id, c.closes_count, c.compared_count,
  c.closes_count - c.compared_count as not_held_count,
  c.first_date, c.last_date
from stocks_research.securities s
cross join lateral (
  select count(*) as closes_count, count(q.trade_date) as compared_count,
    min(q.trade_date) as first_date, max(q.trade_date) as last_date
  from stocks_research.prices_daily p
  left join ingestion.second_prices q using (security_id, trade_date)
  where p.security_id = s.security_id
) c
where exists (select from ingestion.second_source);
comment on view ingestion.second_source_coverage_v is
  'How much of each security the second source covers. No row when no second source is loaded.';
comment on column ingestion.second_source_coverage_v.security_id is 'The security.';
comment on column ingestion.second_source_coverage_v.source_id is 'Its id at the primary source.';
comment on column ingestion.second_source_coverage_v.closes_count is 'Stored closes.';
comment on column ingestion.second_source_coverage_v.compared_count is 'Closes that both sources have.';
comment on column ingestion.second_source_coverage_v.not_held_count is
  'Stored closes that the second source does not have: nothing was compared for them.';
comment on column ingestion.second_source_coverage_v.first_date is
  'First day that both sources have. Events are compared after this day.';
comment on column ingestion.second_source_coverage_v.last_date is
  'Last day that both sources have. Events are compared up to this day.';
