-- Requests to providers, and what they may still spend.
--
-- The table of requests is the budget: a slot is taken by writing the row of its request, under a lock of the
-- account, so that all processes together keep within the limits. A request whose process died keeps its
-- slot: the provider has counted it too.

create table ingestion.requests (
  request_id        bigint      generated always as identity primary key,
  run_id            uuid        references ingestion.runs on delete restrict,
  provider          text        not null,
  account           text        not null,
  method            text        not null,
  url               text        not null,
  fingerprint       text        not null check (fingerprint ~ '^[0-9a-f]{64}$'),
  attempt           integer     not null check (attempt >= 1),
  cost_count        integer     not null default 1 check (cost_count >= 0),
  started_at        timestamptz not null,
  sent_at           timestamptz,
  latency_ms        numeric     check (latency_ms >= 0),
  answered_at       timestamptz,
  class             text        check (class in (
                      'ok', 'empty', 'not_found', 'quota', 'throttled', 'auth', 'entitlement', 'transient',
                      'malformed', 'truncated', 'cancelled')),
  reason            text,
  http_status       integer,
  body_bytes        bigint      check (body_bytes >= 0),
  archive_sha256    text        check (archive_sha256 ~ '^[0-9a-f]{64}$'),
  process           text        not null,
  constraint requests_answer_has_class check ((answered_at is null) = (class is null))
);
create index requests_by_account on ingestion.requests (provider, account, started_at);
create index requests_by_run on ingestion.requests (run_id);
comment on table ingestion.requests is
  'Every request to a provider, failed requests too, with the class of its response. Also the sliding '
  'window of the short limits.';
comment on column ingestion.requests.request_id is 'Identity of the request.';
comment on column ingestion.requests.run_id is
  'The run that made the request; null for a check outside a run.';
comment on column ingestion.requests.provider is 'The adapter, e.g. alpaca.';
comment on column ingestion.requests.account is
  'The account whose budget it uses: "anonymous", or the first digits of a hash of the key. Never a key.';
comment on column ingestion.requests.method is 'HTTP method.';
comment on column ingestion.requests.url is 'Address without secrets.';
comment on column ingestion.requests.fingerprint is
  'SHA-256 of method, address without secrets and body: requests with equal fingerprints are the same '
  'request.';
comment on column ingestion.requests.attempt is 'Number of the attempt, from 1.';
comment on column ingestion.requests.cost_count is
  'Its cost for limits of an hour and longer, in the provider''s credits; 1 when the provider counts '
  'requests.';
comment on column ingestion.requests.started_at is
  'When its slot begins, UTC; at most a second after the slot was taken.';
comment on column ingestion.requests.sent_at is 'When it was sent, UTC; set when the response arrives.';
comment on column ingestion.requests.latency_ms is
  'Milliseconds from sent_at to the head of the response, or to the failure.';
comment on column ingestion.requests.answered_at is
  'When the response was complete or failed, UTC; null while it is under way, or when its process died.';
comment on column ingestion.requests.class is
  'Class of the response, from the body classifier; cancelled: the product gave up.';
comment on column ingestion.requests.reason is 'Why it has that class, without secrets.';
comment on column ingestion.requests.http_status is 'HTTP status; null without a response.';
comment on column ingestion.requests.body_bytes is 'Bytes of the body after unpacking.';
comment on column ingestion.requests.archive_sha256 is
  'SHA-256 of the archived body, when the classifier accepted it.';
comment on column ingestion.requests.process is 'Host and process id.';

create table ingestion.budgets (
  provider          text        not null,
  account           text        not null,
  minute_at         timestamptz not null,
  requests_count    integer     not null check (requests_count >= 0),
  cost_count        bigint      not null check (cost_count >= 0),
  primary key (provider, account, minute_at)
);
comment on table ingestion.budgets is
  'What was spent in each minute, for the limits of an hour, a day and a month: their windows slide over '
  'these sums.';
comment on column ingestion.budgets.provider is 'The adapter.';
comment on column ingestion.budgets.account is 'As in ingestion.requests.';
comment on column ingestion.budgets.minute_at is 'The minute, UTC.';
comment on column ingestion.budgets.requests_count is 'Requests that started in the minute.';
comment on column ingestion.budgets.cost_count is 'Their cost, in the provider''s credits.';

create table ingestion.pauses (
  provider          text        not null,
  account           text        not null,
  until_at          timestamptz not null,
  class             text        not null check (class in ('throttled', 'quota')),
  reason            text        not null,
  primary key (provider, account)
);
comment on table ingestion.pauses is
  'Until when a provider asked for no requests. All processes wait for it.';
comment on column ingestion.pauses.provider is 'The adapter.';
comment on column ingestion.pauses.account is 'As in ingestion.requests.';
comment on column ingestion.pauses.until_at is 'No request before this time, UTC.';
comment on column ingestion.pauses.class is
  'throttled: too many requests at once. quota: the quota is used up.';
comment on column ingestion.pauses.reason is 'The provider''s message, without secrets.';

-- Takes a slot for one request that starts in `start_in_ms`, or returns after how many milliseconds to ask
-- again (`wait_ms`). `in_limits` is a list of {requests_max, window_ms, jitter_ms, hold_ms}.
--
-- A slot of a short window is free one window after the provider counted the request, as seen from the next
-- request. Both requests travel, so the window is extended by the time that this one may have travelled
-- longer than the quickest: its latency less the least latency of the last minute. That is at most jitter_ms,
-- since most of a slow response is not travel. A request that is under way gets hold_ms.
--
-- A slot that is free soon is given ahead of time, so that neither this call nor a late timer costs
-- throughput.
--
-- Rows that were written while the clock was ahead are in the future after it is set back. They do not count,
-- so that a wrong clock blocks no provider.
create function ingestion.take_slot(
  in_provider text,
  in_account text,
  in_limits jsonb,
  in_run_id uuid,
  in_method text,
  in_url text,
  in_fingerprint text,
  in_attempt integer,
  in_cost integer,
  in_process text,
  out request_id bigint,
  out start_in_ms bigint,
  out wait_ms bigint,
  out because text,
  out because_class text
)
language plpgsql
set search_path = pg_catalog
as $$
declare
  now_at      timestamptz;
  start_at    timestamptz;
  ask_at      timestamptz;
  free_at     timestamptz;
  quickest_ms numeric;
  each        record;
  blocker     record;
begin
  perform pg_advisory_xact_lock(
    hashtextextended('ingestion.take_slot ' || in_provider || ' ' || in_account, 0)
  );
  now_at := clock_timestamp();
  start_at := now_at; -- The earliest start that every limit allows.
  ask_at := now_at;   -- The earliest time at which a further call can have another result.

  select p.until_at, p.reason, p.class
  into each
  from ingestion.pauses as p
  where p.provider = in_provider
    and p.account = in_account
    and p.until_at > now_at
    -- No pause is longer than a day: this one was set while the clock was wrong.
    and p.until_at < now_at + interval '2 days';
  if found then
    ask_at := each.until_at;
    because := each.reason;
    because_class := each.class;
  end if;

  -- A few responses, all of them delayed by one cold start, do not show the least latency: then nothing is
  -- deducted.
  select case when count(r.latency_ms) < 20 then 0 else min(r.latency_ms) end
  into quickest_ms
  from ingestion.requests as r
  where r.provider = in_provider
    and r.account = in_account
    and r.started_at > now_at - interval '1 min';

  for each in
    select l.requests_max, l.window_ms, l.jitter_ms, l.hold_ms
    from jsonb_to_recordset(in_limits)
      as l (requests_max bigint, window_ms bigint, jitter_ms bigint, hold_ms bigint)
  loop
    if each.window_ms < 3600000 then
      select r.started_at, r.sent_at,
        coalesce(
          r.sent_at + least(r.latency_ms - quickest_ms, each.jitter_ms) * interval '1 ms',
          r.started_at + each.hold_ms * interval '1 ms'
        ) + each.window_ms * interval '1 ms' as release_at
      into blocker
      from ingestion.requests as r
      where r.provider = in_provider
        and r.account = in_account
        -- A process may be delayed between its slot and its sending. After more than this time, the request
        -- is out of its window in any case.
        and r.started_at > now_at - (2 * each.window_ms + each.hold_ms) * interval '1 ms'
        -- A slot is given at most a second ahead. One that is further ahead was taken before the clock was
        -- set back.
        and r.started_at < now_at + interval '5 s'
      order by release_at desc
      offset each.requests_max - 1 limit 1;
      free_at := blocker.release_at;
      if free_at > now_at and blocker.sent_at is null then
        ask_at := greatest(ask_at, least(free_at, greatest(blocker.started_at, now_at) + interval '20 ms'));
      end if;
      start_at := greatest(start_at, free_at);
    else
      -- The minute after which enough spending has left the window.
      select min(s.minute_at) + (each.window_ms + 60000) * interval '1 ms'
      into free_at
      from (
        select b.minute_at,
          sum(b.cost_count) over (order by b.minute_at) as spent_until_then,
          sum(b.cost_count) over () as spent
        from ingestion.budgets as b
        where b.provider = in_provider
          and b.account = in_account
          and b.minute_at > now_at - (each.window_ms + 60000) * interval '1 ms'
          and b.minute_at <= now_at + each.window_ms * interval '1 ms'
      ) as s
      where s.spent + in_cost > each.requests_max
        and s.spent_until_then >= s.spent + in_cost - each.requests_max;
      ask_at := greatest(ask_at, free_at);
    end if;
    if free_at > now_at and free_at >= greatest(start_at, ask_at) then
      because := format('%s in %s ms', each.requests_max, each.window_ms);
      because_class := case when each.window_ms < 3600000 then 'throttled' else 'quota' end;
    end if;
  end loop;

  -- A process that takes a slot and dies wastes it. So no slot is given far ahead.
  ask_at := greatest(ask_at, start_at - interval '1 s');
  wait_ms := ceil(extract(epoch from ask_at - now_at) * 1000);
  if wait_ms > 0 then
    return;
  end if;
  start_in_ms := greatest(0, ceil(extract(epoch from start_at - clock_timestamp()) * 1000));

  insert into ingestion.requests as r (
    run_id, provider, account, method, url, fingerprint, attempt, cost_count, started_at, process
  )
  values (
    in_run_id, in_provider, in_account, in_method, in_url, in_fingerprint, in_attempt, in_cost,
    greatest(start_at, clock_timestamp()), in_process
  )
  returning r.request_id into request_id;
  insert into ingestion.budgets as b (provider, account, minute_at, requests_count, cost_count)
  values (in_provider, in_account, date_trunc('minute', now_at), 1, in_cost)
  on conflict (provider, account, minute_at) do update
    set requests_count = b.requests_count + 1,
      cost_count = b.cost_count + excluded.cost_count;
end
$$;
comment on function ingestion.take_slot(text, text, jsonb, uuid, text, text, text, integer, integer, text) is
  'Takes a slot of a provider''s budget for one request and writes its row, or returns after how many '
  'milliseconds to ask again, and why.';
