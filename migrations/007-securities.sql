-- Identity: securities and their tickers.
--
-- Every other row refers to security_id, never to a ticker. A ticker belongs to a security for an interval of
-- days. Who was listed on a day is in 026, since it needs the bars. The functions have no settings of their
-- own, so that PostgreSQL plans them inside the calling query.

create table stocks_research.securities (
  security_id       bigint      primary key check (security_id > 0),
  source_id         text        not null unique check (source_id <> ''),
  ticker            text        not null check (ticker <> ''),
  name              text,
  exchange_mic      text        check (exchange_mic ~ '^[A-Z0-9]{4}$'),
  security_type     text,
  currency          text        check (currency ~ '^[A-Z]{3}$'),
  cik               text        check (cik ~ '^[0-9]{10}$'),
  figi              text        check (figi ~ '^[A-Z0-9]{12}$'),
  share_class_figi  text        check (share_class_figi ~ '^[A-Z0-9]{12}$'),
  list_date         date,
  delist_date       date,
  is_listed         boolean,
  constraint securities_listed_before_delisted check (list_date <= delist_date)
);
create index securities_by_cik on stocks_research.securities (cik);
comment on table stocks_research.securities is
  'The securities master: one row for each security of the universe, delisted securities included.';
comment on column stocks_research.securities.security_id is
  'Permanent identity: the first 48 bits of SHA-256 of the source_id under which the security was loaded '
  'first. The same on every rebuild, in any order of loading.';
comment on column stocks_research.securities.source_id is
  'Permanent identifier of the security at its source. Never a ticker.';
comment on column stocks_research.securities.ticker is 'Last ticker. For another day, see ticker_history.';
comment on column stocks_research.securities.name is
  'Name of the registrant or fund, as the source reports it today; null when not known.';
comment on column stocks_research.securities.exchange_mic is
  'ISO 10383 code of the listing exchange; null when not known.';
comment on column stocks_research.securities.security_type is
  'Kind of security in the source''s words, e.g. stock, etf; null when not known.';
comment on column stocks_research.securities.currency is 'ISO 4217 code of the trading currency.';
comment on column stocks_research.securities.cik is
  'SEC Central Index Key of the filer, ten digits with leading zeros. One filer may have several '
  'securities.';
comment on column stocks_research.securities.figi is 'Composite FIGI, when known.';
comment on column stocks_research.securities.share_class_figi is 'Share class FIGI, when known.';
comment on column stocks_research.securities.list_date is
  'First day of listing; null when the source does not report it.';
comment on column stocks_research.securities.delist_date is
  'Last day of listing, inclusive; null while listed or when not known.';
comment on column stocks_research.securities.is_listed is
  'Whether the source reports it as listed today. False with a null delist_date: the listing ended, and no '
  'source says when. Null when the source does not report it.';

select ingestion.watch_table('stocks_research.securities');
select ingestion.version_table('stocks_research.securities', 'security_id');

create table stocks_research.ticker_history (
  security_id       bigint      not null references stocks_research.securities on delete restrict,
  ticker            text        not null check (ticker <> ''),
  valid_from        date        not null,
  valid_to          date,
  exchange_mic      text        check (exchange_mic ~ '^[A-Z0-9]{4}$'),
  reason            text,
  primary key (security_id, valid_from),
  constraint ticker_history_from_before_to check (valid_from <= valid_to),
  constraint ticker_history_one_security_a_day exclude using gist (
    ticker with operator(pg_catalog.=),
    daterange(valid_from, valid_to, '[]') with &&
  ),
  constraint ticker_history_one_ticker_a_day exclude using gist (
    security_id with operator(pg_catalog.=),
    daterange(valid_from, valid_to, '[]') with &&
  )
);
comment on table stocks_research.ticker_history is
  'Which security had which ticker on which days. US tickers are unique across exchanges on any one day, so '
  'the constraint ignores the exchange.';
comment on column stocks_research.ticker_history.security_id is 'The security that had the ticker.';
comment on column stocks_research.ticker_history.ticker is 'The ticker, as traded.';
comment on column stocks_research.ticker_history.valid_from is
  'First calendar day on which the security had the ticker, inclusive.';
comment on column stocks_research.ticker_history.valid_to is
  'Last calendar day, inclusive; null while the security has the ticker.';
comment on column stocks_research.ticker_history.exchange_mic is
  'ISO 10383 code of the listing exchange in that interval; null when not known.';
comment on column stocks_research.ticker_history.reason is
  'Why the interval starts or ends, when the source reports it.';

select ingestion.watch_table('stocks_research.ticker_history');
select ingestion.version_table('stocks_research.ticker_history', 'security_id');

create function stocks_research.ticker_as_of(security_id bigint, as_of date) returns text
language sql stable parallel safe
as $$
select h.ticker
from stocks_research.ticker_history h
where h.security_id = $1
  and h.valid_from <= $2
  and $2 <= coalesce(h.valid_to, 'infinity')
$$;
comment on function stocks_research.ticker_as_of(bigint, date) is
  'The ticker of this security on this day; null when it had none.';
