-- Filings with the SEC: when each was public, what it reports, and the first session that could trade on it.
--
-- A filing date is a day, and most reports are accepted after the close of it. What was known at a close is
-- known by the moment of acceptance alone.

create table stocks_research.filings (
  cik               text        not null check (cik ~ '^[0-9]{10}$'),
  accession         text        not null check (accession <> ''),
  form              text        not null check (form <> ''),
  filed             date        not null,
  accepted_at       timestamptz,
  is_accepted_at_certain boolean,
  report_date       date,
  items             text[],
  sic               text        check (sic ~ '^[0-9]{4}$'),
  is_xbrl           boolean,
  size_bytes        bigint      check (size_bytes >= 0),
  primary_document  text,
  primary key (cik, accession),
  constraint filings_certainty_of_acceptance
    check ((accepted_at is null) = (is_accepted_at_certain is null)),
  constraint filings_items_are_named check (cardinality(items) > 0)
);
create index filings_by_cik_filed on stocks_research.filings (cik, filed);
comment on table stocks_research.filings is
  'Filings of the filers of the universe: annual, quarterly and current reports, what registers or ends a '
  'listing, and every filing with XBRL. Others, such as the reports of insiders, are not kept. Loaded with '
  'fundamentals_raw, whose accession is that of the filing. Empty where the source of the facts has no '
  'filings.';
comment on column stocks_research.filings.cik is 'SEC Central Index Key of the filer, ten digits.';
comment on column stocks_research.filings.accession is
  'Accession number, as in fundamentals_raw. Filers that file together share one.';
comment on column stocks_research.filings.form is 'Form type, e.g. 10-K, 10-Q/A, 8-K.';
comment on column stocks_research.filings.filed is
  'Filing date, by the SEC: what is accepted after 17:30 in New York is filed on the next business day.';
comment on column stocks_research.filings.accepted_at is
  'When EDGAR accepted it, UTC: it is public from then on. Null where the source does not report it. Trap: '
  'of the reports of large filers most are accepted after the close, so the close of the day filed did not '
  'know them; first_session_after says which one did.';
comment on column stocks_research.filings.is_accepted_at_certain is
  'False where the SEC''s text may be UTC or New York time, and nothing decides: accepted_at is then the '
  'later of the two. Null without accepted_at.';
comment on column stocks_research.filings.report_date is
  'Last day of the period that a report is about; of an 8-K the day of the event.';
comment on column stocks_research.filings.items is
  'Items of an 8-K, e.g. 2.02 (results of operations), 9.01; null for other forms.';
comment on column stocks_research.filings.sic is
  'Standard Industrial Classification of the filer on the day on which the source was read, four digits. '
  'Trap: it is today''s, repeated in each filing, not that of the day filed.';
comment on column stocks_research.filings.is_xbrl is 'True when it has XBRL data.';
comment on column stocks_research.filings.size_bytes is 'Size of the submission.';
comment on column stocks_research.filings.primary_document is 'File name of its main document on EDGAR.';

select ingestion.watch_table('stocks_research.filings');
select ingestion.version_table('stocks_research.filings', 'cik');

create function stocks_research.first_session_after(accepted_at timestamptz, filed date) returns date
language sql stable parallel safe
as $$
select c.session_date
from stocks_research.trading_sessions c
where c.session_date >= coalesce(($1 at time zone 'America/New_York')::date, $2 + 1)
  and coalesce(c.close_at > $1, true)
order by c.session_date
limit 1
$$;
comment on function stocks_research.first_session_after(timestamptz, date) is
  'The first session that could trade on a filing: the first one whose close comes after its acceptance. '
  'What is accepted at or after the close (16:00 in New York, 13:00 on short days) counts for the next '
  'session. Without accepted_at it is the session after the filing date. A close of that session or a later '
  'one may use the filing; its open may not, unless the acceptance was before 9:30.';

create view stocks_research.earnings_dates_v as
with reports as (
  -- The first annual or quarterly report of each period.
  select distinct on (f.cik, f.report_date)
    f.cik, f.report_date as period_end, f.accession, f.form, f.filed, f.accepted_at
  from stocks_research.filings f
  where f.form in ('10-K', '10-KT', '10-Q', '10-QT', '20-F', '40-F')
    and f.report_date is not null
  order by f.cik, f.report_date, f.filed, f.accepted_at, f.accession
), in_order as (
  select r.*, lead(r.period_end) over (partition by r.cik order by r.period_end) as next_period_end
  from reports r
), announced as (
  -- The first 8-K with results until the report. It is about the newest period that ended before it.
  select r.*, a.accession as announcement, a.form as announcement_form, a.filed as announced_on,
    a.accepted_at as announced_at
  from in_order r
  left join lateral (
    select f.accession, f.form, f.filed, f.accepted_at
    from stocks_research.filings f
    where f.cik = r.cik
      and f.filed > r.period_end
      and f.filed <= least(r.filed, r.next_period_end)
      and (f.accepted_at > r.accepted_at) is not true
      and f.form = '8-K'
      and '2.02' = any (f.items)
    order by f.filed, f.accepted_at, f.accession
    limit 1
  ) a on true
)
select a.cik, a.period_end,
  a.announcement is not null as is_announced,
  coalesce(a.announcement, a.accession) as accession,
  coalesce(a.announcement_form, a.form) as form,
  coalesce(a.announced_on, a.filed) as filed,
  case when a.announcement is null then a.accepted_at else a.announced_at end as accepted_at,
  case
    when a.announcement is null then r.first_session
    else stocks_research.first_session_after(a.announced_at, a.announced_on)
  end as first_session,
  a.accession as report_accession, a.form as report_form, a.filed as report_filed,
  a.accepted_at as report_accepted_at,
  r.first_session as report_first_session
from announced a
cross join lateral (
  -- `offset 0` keeps PostgreSQL from searching the session once for each column that uses it.
  select stocks_research.first_session_after(a.accepted_at, a.filed) as first_session
  offset 0
) r;
comment on view stocks_research.earnings_dates_v is
  'When the results of each period became public: with the first 8-K that reports results (item 2.02), or '
  'else with the annual or quarterly report. One row for each period of which a report was filed. Trap: '
  'the figures themselves are those of the report; before it, only the text of the announcement is public, '
  'and no fact of fundamentals_raw is known.';
comment on column stocks_research.earnings_dates_v.cik is 'The filer.';
comment on column stocks_research.earnings_dates_v.period_end is 'Last day of the period.';
comment on column stocks_research.earnings_dates_v.is_announced is
  'True when an 8-K with item 2.02 came before the report, or on its day.';
comment on column stocks_research.earnings_dates_v.accession is
  'Filing that made the results public: the 8-K, or the report.';
comment on column stocks_research.earnings_dates_v.form is 'Its form.';
comment on column stocks_research.earnings_dates_v.filed is 'Its filing date.';
comment on column stocks_research.earnings_dates_v.accepted_at is 'Its acceptance, UTC; null if not known.';
comment on column stocks_research.earnings_dates_v.first_session is
  'First session whose close knows the results (first_session_after).';
comment on column stocks_research.earnings_dates_v.report_accession is
  'The first annual or quarterly report of the period: its facts are in fundamentals_raw.';
comment on column stocks_research.earnings_dates_v.report_form is 'Form of the report.';
comment on column stocks_research.earnings_dates_v.report_filed is 'Filing date of the report.';
comment on column stocks_research.earnings_dates_v.report_accepted_at is
  'Acceptance of the report, UTC; null if not known.';
comment on column stocks_research.earnings_dates_v.report_first_session is
  'First session whose close knows the facts of the report.';
