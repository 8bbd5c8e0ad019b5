-- 055 · A clock that was put back blocks nobody.
--
-- Slots, sums and pauses that were written while the clock was ahead lie in the future once it is right
-- again. They counted as taken until then, so that a provider was not asked for as long as the clock had been
-- wrong.

-- Takes a slot for one request that starts in `start_in_ms`, or says after how many milliseconds to ask
-- again. `in_limits` is a list of {requests_max, window_ms, jitter_ms, hold_ms}.
--
-- A slot of a short window is free one window after the provider counted the request, as seen from the next
-- one. Both travel; so what counts is how much longer this one may have travelled than the quickest: its
-- latency above the least latency of late. That is granted up to jitter_ms, since most of a slow answer is no
-- travel. A request that is still under way gets hold_ms.
--
-- A slot that is about to be free is given ahead of time, so that neither this call nor a late timer costs
-- throughput.
create or replace function ingestion.take_slot(
  in_provider text, in_account text, in_limits jsonb, in_run_id uuid, in_method text, in_url text, in_fingerprint text,
  in_attempt integer, in_cost integer, in_process text,
  out request_id bigint, out start_in_ms bigint, out wait_ms bigint, out because text, out because_class text
) language plpgsql set search_path = pg_catalog as $$
declare
  now_at      timestamptz;
  start_at    timestamptz;
  ask_at      timestamptz;
  free_at     timestamptz;
  quickest_ms numeric;
  each        record;
  blocker     record;
begin
  perform pg_advisory_xact_lock(hashtextextended('ingestion.take_slot ' || in_provider || ' ' || in_account, 0));
  now_at := clock_timestamp();
  start_at := now_at; -- The earliest start that every limit allows.
  ask_at := now_at;   -- Not worth asking before: until then what blocks us cannot be known better.

  select p.until_at, p.reason, p.class into each from ingestion.pauses as p
   where p.provider = in_provider and p.account = in_account and p.until_at > now_at
     -- None is set for longer than a day: this one is from a clock that was wrong.
     and p.until_at < now_at + interval '2 days';
  if found then
    ask_at := each.until_at;
    because := each.reason;
    because_class := each.class;
  end if;

  -- A handful of answers, all of them held up by one cold start, does not show what quick is: then nothing is
  -- deducted.
  select case when count(r.latency_ms) < 20 then 0 else min(r.latency_ms) end into quickest_ms from ingestion.requests as r
   where r.provider = in_provider and r.account = in_account and r.started_at > now_at - interval '1 min';

  for each in
    select l.requests_max, l.window_ms, l.jitter_ms, l.hold_ms
      from jsonb_to_recordset(in_limits) as l (requests_max bigint, window_ms bigint, jitter_ms bigint, hold_ms bigint)
  loop
    if each.window_ms < 3600000 then
      select r.started_at, r.sent_at,
             coalesce(r.sent_at + least(r.latency_ms - quickest_ms, each.jitter_ms) * interval '1 ms', r.started_at + each.hold_ms * interval '1 ms')
             + each.window_ms * interval '1 ms' as release_at
        into blocker
        from ingestion.requests as r
       where r.provider = in_provider and r.account = in_account
         -- Between its slot and its sending a process may have been held up; by more than this, and it is out
         -- of its window anyway.
         and r.started_at > now_at - (2 * each.window_ms + each.hold_ms) * interval '1 ms'
         -- A slot is given a second ahead at most: what is further ahead was taken before the clock was put
         -- back.
         and r.started_at < now_at + interval '5 s'
       order by release_at desc
      offset each.requests_max - 1 limit 1;
      free_at := blocker.release_at;
      if free_at > now_at and blocker.sent_at is null then
        ask_at := greatest(ask_at, least(free_at, greatest(blocker.started_at, now_at) + interval '20 ms'));
      end if;
      start_at := greatest(start_at, free_at);
    else
      -- The minute in which the spending that must fall out of the window has fallen out of it.
      select min(s.minute_at) + (each.window_ms + 60000) * interval '1 ms' into free_at
        from (select b.minute_at,
                     sum(b.cost_count) over (order by b.minute_at) as spent_until_then,
                     sum(b.cost_count) over () as spent
                from ingestion.budgets as b
               where b.provider = in_provider and b.account = in_account
                 and b.minute_at > now_at - (each.window_ms + 60000) * interval '1 ms'
                 and b.minute_at <= now_at + each.window_ms * interval '1 ms') as s
       where s.spent + in_cost > each.requests_max and s.spent_until_then >= s.spent + in_cost - each.requests_max;
      ask_at := greatest(ask_at, free_at);
    end if;
    if free_at > now_at and free_at >= greatest(start_at, ask_at) then
      because := format('%s in %s ms', each.requests_max, each.window_ms);
      because_class := case when each.window_ms < 3600000 then 'throttled' else 'quota' end;
    end if;
  end loop;

  -- A reservation binds: whoever takes one and dies wastes it. So none is given far ahead.
  ask_at := greatest(ask_at, start_at - interval '1 s');
  wait_ms := ceil(extract(epoch from ask_at - now_at) * 1000);
  if wait_ms > 0 then
    return;
  end if;
  start_in_ms := greatest(0, ceil(extract(epoch from start_at - clock_timestamp()) * 1000));

  insert into ingestion.requests as r (run_id, provider, account, method, url, fingerprint, attempt, cost_count, started_at, process)
  values (in_run_id, in_provider, in_account, in_method, in_url, in_fingerprint, in_attempt, in_cost, greatest(start_at, clock_timestamp()), in_process)
  returning r.request_id into request_id;
  insert into ingestion.budgets as b (provider, account, minute_at, requests_count, cost_count)
  values (in_provider, in_account, date_trunc('minute', now_at), 1, in_cost)
  on conflict (provider, account, minute_at) do update
     set requests_count = b.requests_count + 1, cost_count = b.cost_count + excluded.cost_count;
end
$$;
