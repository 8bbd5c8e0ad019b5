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

-- A change of the provider: what it changed, and which provider each stored bar came from.
create table ingestion.provider_changes (
  change_id         bigint      generated always as identity primary key,
  former_source     text        not null,
  former_provider   text        not null,
  new_source        text        not null,
  new_provider      text        not null,
  accepted          text[]      not null default '{}',
  report            jsonb       not null,
  begun_at          timestamptz not null default now(),
  run_id            uuid        references ingestion.runs on delete restrict,
  ended_at          timestamptz,
  constraint provider_changes_end_has_run check ((run_id is null) = (ended_at is null))
);
comment on table ingestion.provider_changes is
  'Each change from one provider to another (npm run ingest -- provider switch), with the report of what it '
  'changed.';
comment on column ingestion.provider_changes.change_id is 'Identity of the change; later ones are higher.';
comment on column ingestion.provider_changes.former_source is 'Source of the newest run before, as in runs.';
comment on column ingestion.provider_changes.former_provider is 'The adapter that gave the bars before.';
comment on column ingestion.provider_changes.new_source is 'Source of the run that changed the provider.';
comment on column ingestion.provider_changes.new_provider is 'The adapter that gives the bars since then.';
comment on column ingestion.provider_changes.accepted is
  'Kinds of difference that the person who made the change accepted, e.g. closes, events.';
comment on column ingestion.provider_changes.report is
  'What differed between the two providers, in counts and lists.';
comment on column ingestion.provider_changes.begun_at is 'When the change began, UTC.';
comment on column ingestion.provider_changes.run_id is
  'The run that loaded the new provider; null until it ended. Until then every other run is refused.';
comment on column ingestion.provider_changes.ended_at is 'When that run ended, UTC; null until then.';

create table ingestion.kept_bars (
  change_id         bigint      not null references ingestion.provider_changes on delete cascade,
  security_id       bigint      not null references stocks_research.securities on delete cascade,
  first_date        date        not null,
  last_date         date        not null,
  primary key (change_id, security_id, first_date),
  constraint kept_bars_dates_are_ordered check (first_date <= last_date)
);
comment on table ingestion.kept_bars is
  'Spans of bars that only the former provider has. They stay as they were; every other bar of the window is '
  'the new provider''s.';
comment on column ingestion.kept_bars.change_id is 'The change of provider.';
comment on column ingestion.kept_bars.security_id is 'The security.';
comment on column ingestion.kept_bars.first_date is 'First bar of the span.';
comment on column ingestion.kept_bars.last_date is 'Last bar of the span.';

create function ingestion.provider_of_bar(asked_security_id bigint, asked_date date) returns text
language sql stable
set search_path = pg_catalog
begin atomic
  select coalesce(
    (
      select c.new_provider
      from ingestion.provider_changes c
      where c.ended_at is not null
        and not exists (
          select
          from ingestion.kept_bars k
          where k.change_id = c.change_id
            and k.security_id = asked_security_id
            and asked_date between k.first_date and k.last_date
        )
      order by c.change_id desc
      limit 1
    ),
    (
      select c.former_provider
      from ingestion.provider_changes c
      where c.ended_at is not null
      order by c.change_id
      limit 1
    ),
    (
      select i.provider
      from ingestion.items i
      join stocks_research.securities s on s.source_id = i.item
      where s.security_id = asked_security_id
        and i.job = 'prices-daily'
        and i.status = 'ok'
        and asked_date between i.start_date and i.end_date
      order by i.item_id desc
      limit 1
    ))
  from stocks_research.prices_daily p
  where p.security_id = asked_security_id
    and p.trade_date = asked_date;
end;
comment on function ingestion.provider_of_bar(bigint, date) is
  'The adapter that gave a stored bar, through every change of provider; null when there is no bar.';
