-- A market in which no check finds anything: three securities of two exchanges, whose bars are stored day by
-- day, and two filers whose filings have the same accession numbers. A check that takes a row of another
-- security, filer, unit or filing for its own finds something here. The functions of the schema "plant" put
-- faults into it.
create schema plant;

create function plant.pay(
  security bigint, day date, amount numeric, kind text default 'cash_dividend', currency text default 'USD')
returns void language sql as $$
  insert into stocks_research.corporate_actions
    (security_id, ex_date, kind, action_key, occurrence, cash_amount, currency, source)
  select $1, $2, $4, $3::text,
    1 + count(*), $3, $5, 'test'
  from stocks_research.corporate_actions a
  where (a.security_id, a.ex_date, a.kind, a.action_key) = ($1, $2, $4, $3::text)
$$;

create function plant.split(
  security bigint, day date, split_from numeric, split_to numeric, kind text default 'split')
returns void language sql as $$
  insert into stocks_research.corporate_actions
    (security_id, ex_date, kind, action_key, occurrence, split_from, split_to, source)
  values ($1, $2, $5, $3 || ' to ' || $4, 1, $3, $4, 'test')
$$;

-- A corporate action without cash and shares.
create function plant.event(security bigint, day date, kind text) returns void language sql as $$
  insert into stocks_research.corporate_actions (security_id, ex_date, kind, action_key, occurrence, source)
  values ($1, $2, $3, $3, 1, 'test')
$$;

-- The listing ends, and holders receive cash.
create function plant.ended(security bigint, day date, cash numeric, code text default 'merger_cash')
returns void language sql as $$
  update stocks_research.securities set delist_date = $2 where security_id = $1;
  insert into stocks_research.corporate_actions (security_id, ex_date, kind, action_key, occurrence,
    cash_amount, currency, delisting_code, source)
  values ($1, $2, case $4 when 'worthless' then 'delisting' else 'merger' end, 'end', 1, $3, 'USD', $4,
    'test')
$$;

create function plant.rate(
  from_currency text, to_currency text, rate numeric, source text, day date default '2020-06-30')
returns void language sql as $$
  insert into stocks_research.fx_rates (rate_date, from_currency, to_currency, source, rate, known_from)
  values ($5, $1, $2, $4, $3, $5)
$$;

-- Sets close and volume of a bar; high and low enclose them.
create function plant.close(security bigint, day date, close numeric, volume numeric default null)
returns void language sql as $$
  update stocks_research.prices_daily
  set close = $3, high = greatest(high, $3), low = least(low, $3), volume = coalesce($4, volume)
  where security_id = $1 and trade_date = $2
$$;

-- All prices of a security are 10, each session 100 shares are traded.
create function plant.flat(security bigint) returns void language sql as $$
  update stocks_research.prices_daily
  set open = 10, high = 20, low = 5, close = 10, volume = 100
  where security_id = $1
$$;

-- Gives a bar of one security to another one.
create function plant.copy(from_security bigint, to_security bigint, from_day date, to_day date)
returns void language sql as $$
  select plant.close($2, $4, p.close, p.volume)
  from stocks_research.prices_daily p
  where p.security_id = $1 and p.trade_date = $3
$$;

-- Open and close of the last bars of a security change places; earlier bars have no open.
create function plant.swap(security bigint, bars bigint) returns void language sql as $$
  update stocks_research.prices_daily p
  set open = case when n.no <= $2 then p.close end, close = p.open
  from (
    select x.trade_date, row_number() over (order by x.trade_date desc) as no
    from stocks_research.prices_daily x
    where x.security_id = $1) n
  where p.security_id = $1 and p.trade_date = n.trade_date
$$;

-- So many more securities, each with a bar of the day.
create function plant.list(securities integer, day date, after integer default 100)
returns void language sql as $$
  insert into stocks_research.securities (security_id, source_id, ticker, list_date)
  select $3 + n, 's' || $3 + n, 'T' || $3 + n, '2020-01-02' from generate_series(1, $1) n;
  insert into stocks_research.ticker_history (security_id, ticker, valid_from)
  select $3 + n, 'T' || $3 + n, '2020-01-02' from generate_series(1, $1) n;
  insert into stocks_research.prices_daily (security_id, trade_date, close)
  select $3 + n, $2, 10 from generate_series(1, $1) n
$$;

-- Multiplies the prices of a security from a day on, and the volumes, by the factors.
create function plant.times(security bigint, day date, factor numeric, volume_factor numeric default 1)
returns void language sql as $$
  update stocks_research.prices_daily
  set open = open * $3, high = high * $3, low = low * $3, close = close * $3, volume = volume * $4
  where security_id = $1 and trade_date >= $2
$$;

create function plant.fact(
  cik integer, tag text, period_start date, period_end date, value numeric, accession text, filed date,
  form text default '10-K', unit text default 'USD', taxonomy text default 'us-gaap')
returns void language sql as $$
  insert into stocks_research.fundamentals_raw
    (cik, taxonomy, tag, unit, period_start, period_end, value, accession, form, filed)
  values (lpad($1::text, 10, '0'), $10, $2, $9, $3, $4, $5, $6, $8, $7)
$$;

create function plant.run(day date, jobs text default '{prices-daily}', started text default 'now')
returns uuid language sql as $$
  insert into ingestion.runs (run_id, command, source, jobs, state, universe_file, universe_sha256,
    start_date, end_date, host, process_id, product_version, started_at)
  values (gen_random_uuid(), 'c', 's', $2::text[], 'complete', 'u', repeat('0', 64), '2020-01-02', $1, 'h',
    1, '0', $3::timestamptz)
  returning run_id
$$;

-- Factors as of a day, from the bars and events as they are now; the item says so.
create function plant.adjust(day date default '2020-06-30') returns void language sql as $$
  delete from stocks_research.adjustment_factors;
  insert into stocks_research.adjustment_factors (security_id, first_date, last_date, price_factor,
    total_return_factor, split_numerator, split_denominator, events, reason)
  select security_id, first_date, last_date, price_factor, total_return_factor, split_numerator,
    split_denominator, events, reason
  from stocks_research.adjustment_intervals($1);
  insert into ingestion.items (run_id, job, provider, item, start_date, end_date, status)
  select plant.run($1, '{adjustment-factors}', '2020-01-01'), 'adjustment-factors', 'derived', s.source_id,
    '2020-01-02', $1, 'ok'
  from stocks_research.securities s
$$;

create function plant.derive() returns void language sql as $$
  delete from stocks_research.fundamentals_derived;
  delete from stocks_research.fundamentals_standard;
  insert into stocks_research.fundamentals_derived
  select * from stocks_research.derive_fundamentals('{0000000001,0000000002}');
  insert into stocks_research.fundamentals_standard
  select * from stocks_research.derive_standard_items('{0000000001,0000000002}');
$$;

create function plant.filing(
  cik integer, accession text, form text, filed date, accepted timestamptz default null,
  report date default null, items text[] default null)
returns void language sql as $$
  insert into stocks_research.filings (cik, accession, form, filed, accepted_at, is_accepted_at_certain,
    report_date, items)
  values (lpad($1::text, 10, '0'), $2, $3, $4, $5, case when $5 is not null then true end, $6, $7)
$$;

-- Results of a quarter: announced before the open, and reported in the evening nine days later.
create function plant.announced() returns void language sql as $$
  select plant.filing(1, 'news', '8-K', '2020-04-21', '2020-04-21 08:00-04', '2020-04-21', '{2.02}'),
    plant.filing(1, 'report', '10-Q', '2020-04-30', '2020-04-30 16:30-04', '2020-03-31')
$$;

-- Four reported quarters of a calendar year, and the year.
create function plant.quarters(
  cik integer, tag text, year integer, quarters numeric[], total numeric, unit text default 'USD',
  taxonomy text default 'us-gaap')
returns void language sql as $$
  select plant.fact($1, $2, make_date($3, 3 * n - 2, 1),
    (make_date($3, 3 * n - 2, 1) + interval '3 months')::date - 1, $4[n], 'b', '2021-02-01', '10-K', $6, $7)
  from generate_series(1, 4) n;
  select plant.fact($1, $2, make_date($3, 1, 1), make_date($3, 12, 31), $5, 'b', '2021-02-01', '10-K', $6, $7)
$$;

-- Net income, diluted earnings per share and diluted shares of a year.
create function plant.shares(
  cik integer, accession text, year integer, income numeric, per_share numeric, shares numeric,
  form text default '10-K', taxonomy text default 'us-gaap')
returns void language sql as $$
  select plant.fact($1, f.tag, make_date($3, 1, 1), make_date($3, 12, 31), f.value, $2, '2021-02-01', $7,
    f.unit, $8)
  from (values
    ('NetIncomeLoss', $4, 'USD'),
    ('EarningsPerShareDiluted', $5, 'USD/shares'),
    ('WeightedAverageNumberOfDilutedSharesOutstanding', $6, 'shares')) f (tag, value, unit)
$$;

-- Quarters of revenue from 2018 on, none of them reported, in place of those of the filer.
create function plant.revenue(cik integer, quarters numeric[]) returns void language sql as $$
  delete from stocks_research.fundamentals_derived
  where cik = lpad($1::text, 10, '0') and known_from < '2022-01-01';
  insert into stocks_research.fundamentals_derived
    (cik, taxonomy, tag, unit, period_start, period_end, known_from, value, method, accession,
     is_long_quarter, is_transition, yoy_reason, ttm_reason)
  select lpad($1::text, 10, '0'), 'us-gaap', 'Revenues', 'USD', d.day::date,
    (d.day + interval '3 months')::date - 1, '2021-02-01', $2[n], 'half_less_quarter', 'a', false, false,
    'no_base_quarter', 'fewer_than_four_quarters'
  from generate_series(1, cardinality($2)) n
  cross join lateral (select timestamp '2018-01-01' + interval '3 months' * (n - 1) as day) d
$$;

-- A split in 2018 with payments of 0.1 on days before it, and of 0.1 times a factor on days after it.
create function plant.payments(
  security bigint, split_from numeric, split_to numeric, factor numeric default 1,
  days integer[] default '{-300,-200,-100,-1,1,100,200,300}')
returns void language sql as $$
  select plant.split($1, '2018-06-01', $2, $3);
  select plant.pay($1, '2018-06-01'::date + n, 0.1 * case when n > 0 then $4 else 1 end)
  from unnest($5) n
$$;

-- Flat prices, a split of one share into some, and closes that are another multiple from that day on.
create function plant.leap(
  security bigint, split_to numeric, move numeric, volume numeric default 100, day date default '2020-03-02')
returns void language sql as $$
  select plant.flat($1), plant.split($1, $5, 1, $2), plant.times($1, $5, $3);
  update stocks_research.prices_daily set volume = $4 where (security_id, trade_date) = ($1, $5)
$$;

-- Closes go up and down by a twentieth from day to day.
create function plant.waves(security bigint) returns void language sql as $$
  update stocks_research.prices_daily p
  set close = p.close * case when n.no % 2 = 0 then 1.05 else 1 end
  from (
    select x.trade_date, row_number() over (order by x.trade_date) as no
    from stocks_research.prices_daily x
    where x.security_id = $1) n
  where p.security_id = $1 and p.trade_date = n.trade_date
$$;

create function plant.finding(subject text, severity text, number integer) returns void language sql as $$
  insert into ingestion.findings (fingerprint, check_name, severity, subject, evidence, first_seen_at)
  values (lpad(md5($1 || $3) || $3, 64, '0'), 'a-check', $2, $1, '{"trade_date": "2020-03-02"}', '2020-03-02')
$$;

-- Replaces a part of a view. Fails if the view does not have the part.
create function plant.in_view(view text, part text, replacement text) returns void language plpgsql as $$
declare
  definition text := pg_get_viewdef(('stocks_research.' || $1)::regclass);
begin
  if position($2 in definition) = 0 then
    raise 'the view has no such part: %', definition;
  end if;
  execute 'create or replace view stocks_research.' || $1 || ' as ' || replace(definition, $2, $3);
end
$$;

create function plant.drop_constraint(table_name text, variadic names text[]) returns void
language plpgsql as $$
declare
  name text;
begin
  foreach name in array $2 loop
    execute format('alter table stocks_research.%I drop constraint %I cascade', $1, name);
  end loop;
end
$$;

-- What the second source says is what ours says.
create function plant.second_source(has_splits boolean default true, has_dividends boolean default true)
returns void language sql as $$
  insert into ingestion.second_source (source, sha256, has_splits, has_dividends, rows_read, rows_kept,
    rows_skipped, rows_rejected, rows_contradicted)
  values ('test', repeat('0', 64), $1, $2, 0, 0, 0, 0, 0);
  insert into ingestion.second_prices
  select security_id, trade_date, close from stocks_research.prices_daily;
  insert into ingestion.second_events (security_id, ex_date, cash_amount)
  select security_id, ex_date, cash_amount
  from stocks_research.corporate_actions
  where stocks_research.is_cash_kind(kind);
  insert into ingestion.second_events (security_id, ex_date, split_ratio)
  select security_id, ex_date, split_to / split_from
  from stocks_research.corporate_actions
  where kind = 'split';
$$;

insert into stocks_research.securities
  (security_id, source_id, ticker, exchange_mic, currency, cik, name, list_date, delist_date)
values
  (1, 'x', 'X', 'XNYS', 'USD', '0000000001', 'Ex', '2020-01-02', null),
  (2, 'y', 'Y', 'XNAS', 'USD', '0000000002', 'Why', '2020-01-02', null),
  (3, 'z', 'Z', 'XNYS', 'USD', null, 'Zed', '2020-01-06', '2020-06-19');
insert into stocks_research.ticker_history (security_id, ticker, valid_from, valid_to)
values
  (1, 'X', '2020-01-02', null),
  (2, 'OLD', '2020-01-02', '2020-02-14'),
  (2, 'Y', '2020-02-15', null),
  (3, 'Z', '2020-01-06', '2020-06-19');

-- Closes that change by a cent or more from day to day, on volumes that differ by security. The shares of y
-- are split on 2020-04-15.
insert into stocks_research.prices_daily (security_id, trade_date, open, high, low, close, volume)
select s.security_id, d.session_date,
  s.price + s.step * ((d.no + 4 + s.security_id) % 5),
  s.price * 1.1,
  s.price * 0.9,
  s.price + s.step * ((d.no + s.security_id) % 5),
  s.volume + d.no
from (
  select session_date, row_number() over (order by session_date) - 1 as no
  from stocks_research.trading_sessions
  where session_date between '2020-01-02' and '2020-06-30') d
cross join (
  values (1, 10, 0.01, 100), (2, 24, 0.02, 300), (3, 50, 0.05, 700)) s (security_id, price, step, volume)
where s.security_id <> 3 or d.session_date between '2020-01-06' and '2020-06-19'
order by d.session_date, s.security_id desc;
select plant.times(2, '2020-04-15', 0.5, 2);
delete from ingestion.price_revisions;
select plant.split(2, '2020-04-15', 1, 2);
select plant.pay(1, '2020-01-15', 0.05);
-- Quarterly payments, in shares of the day.
select plant.pay(2, '2017-01-10'::date + 91 * n, case when n < 13 then 0.10 else 0.05 end)
from generate_series(0, 14) n;
select plant.pay(3, '2020-01-15', 0.30), plant.pay(3, '2020-04-15', 0.30, 'special_dividend');
-- Holders of z receive 20 in cash and two shares of y.
insert into stocks_research.corporate_actions (security_id, ex_date, kind, action_key, occurrence,
  cash_amount, currency, shares_per_share, acquirer_ticker, source)
values (3, '2020-06-19', 'merger', 'merger', 1, 20, 'USD', 2, 'Y', 'test');
select plant.adjust();

-- Facts of two filers, in two units, two taxonomies and two filings of one year.
select
  plant.fact(f.no, 'Revenues', '2020-01-01', '2020-03-31', 20 * m, 'q', '2020-05-01', '10-Q', u.unit),
  plant.fact(f.no, 'Revenues', '2020-01-01', '2020-09-30', 63 * m, 'a', '2020-11-01', '10-Q', u.unit),
  plant.fact(f.no, 'Revenues', '2020-01-01', '2020-12-31', 84 * m, 'b', '2021-02-01', '10-K', u.unit),
  plant.fact(f.no, 'Assets', null, '2019-12-31', 400 * m, 'b', '2021-02-01', '10-K', u.unit),
  plant.fact(f.no, 'Assets', null, '2020-12-31', 500 * m, 'b', '2021-02-01', '10-K', u.unit),
  plant.fact(f.no, 'Assets', null, '2020-12-31', 500 * m + 1, 'c', '2021-03-01', '10-K/A', u.unit),
  plant.fact(f.no, t.tag, null, '2019-12-31', 400 * m, 'b', '2021-02-01', '10-K', u.unit),
  plant.fact(f.no, t.tag, null, '2020-12-31', 500 * m, 'b', '2021-02-01', '10-K', u.unit),
  plant.fact(f.no, t.tag, null, '2020-12-31', 500 * m + 1, 'c', '2021-03-01', '10-K/A', u.unit)
from (values (1), (2)) f (no)
cross join (values ('USD', 0), ('EUR', 2)) u (unit, plus)
cross join (values ('LiabilitiesAndStockholdersEquity')) t (tag)
cross join lateral (select f.no + u.plus as m) m;
select
  plant.fact(f.no, 'Assets', null, '2020-12-31', 90 * f.no, 'b', '2021-02-01', '20-F', 'USD', 'ifrs-full'),
  plant.fact(f.no, 'EquityAndLiabilities', null, '2020-12-31', 90 * f.no, 'b', '2021-02-01', '20-F', 'USD',
    'ifrs-full')
from (values (1), (2)) f (no);
select plant.derive();
