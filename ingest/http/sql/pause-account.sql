-- Leaves an account alone until a time, unless a longer pause is recorded: $1 provider, $2 account, $3 until,
-- in Unix milliseconds, $4 class, $5 reason. Returns nothing.
insert into ingestion.pauses as p (provider, account, until_at, class, reason)
values ($1, $2, to_timestamp($3::double precision / 1000), $4, $5)
on conflict (provider, account) do update
set until_at = excluded.until_at,
  class = excluded.class,
  reason = excluded.reason
where p.until_at < excluded.until_at
