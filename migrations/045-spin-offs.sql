-- 045 · Spin-offs move the price and never the number of shares, and what they were worth is kept with where
-- it is known from.
--
-- A spin-off is worth the stated cash value per share; or the stated ratio of prices (1 to 1.046, as some
-- vendors print it among splits), which is 1 + value / P(ex-date), the price factor of CRSP; or so many
-- shares of a security that we hold, at its own first close.

create function stocks_research.spun_off_first_close(parent_id bigint, ex_session date, detail jsonb, as_of date)
returns table (security_id bigint, source_id text, trade_date date, close numeric, currency text)
language sql stable parallel safe set search_path = pg_catalog as $$
select s.security_id, s.source_id, p.trade_date, p.close, s.currency
from (select c.session_date from stocks_research.trading_sessions c where c.session_date >= $2 and c.session_date <= $4 order by c.session_date limit 10) d
cross join lateral (
  select x.security_id from stocks_research.securities x where x.source_id = $3 ->> 'new_source_id'
  union all
  select t.security_id from stocks_research.ticker_history t
  where $3 ->> 'new_source_id' is null and t.ticker = $3 ->> 'new_symbol' and d.session_date >= t.valid_from and d.session_date <= coalesce(t.valid_to, 'infinity')) h
join stocks_research.securities s on s.security_id = h.security_id
join stocks_research.prices_daily p on p.security_id = s.security_id and p.trade_date = d.session_date
where s.security_id <> $1
  and case when $3 ->> 'new_rate' ~ '^\d{1,20}(\.\d{1,20})?$' and $3 ->> 'source_rate' ~ '^\d{1,20}(\.\d{1,20})?$'
    then ($3 ->> 'new_rate')::numeric > 0 and ($3 ->> 'source_rate')::numeric > 0 end
order by p.trade_date limit 1
$$;
comment on function stocks_research.spun_off_first_close(bigint, date, jsonb, date) is 'The first close, within ten sessions from the ex-date and not after as_of, of the security that a spin-off gave out: detail names it by new_source_id or by new_symbol on that day, and states new_rate shares of it for source_rate old ones. No row when one of these is not known.';

create function stocks_research.spun_off_securities(parent_id text) returns setof text
language sql stable parallel safe set search_path = pg_catalog as $$
select s.security_id::text
from stocks_research.corporate_actions a
join stocks_research.securities s on s.source_id = a.detail ->> 'new_source_id'
  or s.security_id in (select t.security_id from stocks_research.ticker_history t where t.ticker = a.detail ->> 'new_symbol')
where a.security_id = $1::bigint and a.kind = 'spin_off' and a.cash_amount is null and a.split_to is null and s.security_id <> a.security_id
$$;
comment on function stocks_research.spun_off_securities(text) is 'The securities whose bars may value a spin-off of this one: when they change, its factors are derived again.';

create or replace function stocks_research.adjustment_intervals(as_of date, source_ids text[] default null)
returns table (
  security_id bigint, item text, first_date date, last_date date, price_factor numeric, total_return_factor numeric,
  split_numerator numeric, split_denominator numeric, events jsonb, reason text)
language sql stable parallel safe set search_path = pg_catalog set jit = off as $$
with spans as materialized (
  select s.security_id, s.source_id, s.currency, b.first_bar, b.last_bar,
    -- A listing ends with the delisting, or with the last ticker when no delisting is known.
    least(s.delist_date, (select max(coalesce(t.valid_to, 'infinity')) from stocks_research.ticker_history t where t.security_id = s.security_id)) as last_listed
  from stocks_research.securities s
  cross join lateral (
    select min(p.trade_date) as first_bar, max(p.trade_date) as last_bar
    from stocks_research.prices_daily p where p.security_id = s.security_id and p.trade_date <= $1) b
  where ($2 is null or s.source_id = any ($2)) and b.first_bar is not null
), actions as (
  select a.security_id, a.ex_date, a.kind, a.action_key, a.occurrence, a.split_from, a.split_to, s.last_bar, x.ex_session,
    a.kind in ('split', 'stock_dividend') as is_split,
    a.kind = 'spin_off' and a.cash_amount is null and a.split_to is not null as is_spin_off_ratio,
    coalesce(a.cash_amount, v.cash_amount) as cash_amount,
    case when a.kind = 'spin_off' then coalesce(v.value_source, case when a.cash_amount is not null then 'stated value' when a.split_to is not null then 'stated ratio' end) end as value_source,
    coalesce(v.currency, a.currency) <> s.currency as is_foreign
  from spans s
  join stocks_research.corporate_actions a using (security_id)
  -- An ex-date on a day without trading takes effect on the next session.
  cross join lateral (select min(c.session_date) as ex_session from stocks_research.trading_sessions c where c.session_date >= a.ex_date) x
  -- What was spun off without a stated value is worth what its own first close says.
  left join lateral (
    select c.close * round((a.detail ->> 'new_rate')::numeric, 60) / (a.detail ->> 'source_rate')::numeric as cash_amount, c.currency,
      'first close of ' || c.source_id || ' on ' || c.trade_date || ' x ' || (a.detail ->> 'new_rate') || ' / ' || (a.detail ->> 'source_rate') as value_source
    from stocks_research.spun_off_first_close(a.security_id, x.ex_session, a.detail, $1) c
    where a.kind = 'spin_off' and a.cash_amount is null and a.split_to is null) v on true
  where a.kind in ('cash_dividend', 'special_dividend', 'return_of_capital', 'liquidation', 'spin_off', 'split', 'stock_dividend')
    -- Known from the ex-date on, or from the declaration when that came later.
    and x.ex_session > s.first_bar and greatest(x.ex_session, a.declared_date) <= $1
    and x.ex_session <= coalesce(s.last_listed, 'infinity')
), days as materialized (
  select a.security_id, a.ex_session, a.ex_session > max(a.last_bar) as is_after_last_bar,
    coalesce(sum(a.cash_amount) filter (where not a.is_split), 0) as cash,
    -- What moves the price, and what moves the number of shares: a spin-off is not a split.
    stocks_research.product_exact(a.split_from) filter (where a.is_split or a.is_spin_off_ratio) as price_from,
    stocks_research.product_exact(a.split_to) filter (where a.is_split or a.is_spin_off_ratio) as price_to,
    stocks_research.product_exact(a.split_from) filter (where a.is_split) as split_from,
    stocks_research.product_exact(a.split_to) filter (where a.is_split) as split_to,
    bool_or(a.is_split) as has_split,
    case
      when bool_or(not a.is_split and not a.is_spin_off_ratio and a.cash_amount is null) then 'the value of the spin-off is not known'
      when bool_or(not a.is_split and not a.is_spin_off_ratio and a.is_foreign) then 'the cash is not in the currency of the prices'
      when bool_or(a.is_spin_off_ratio and a.split_to <= a.split_from) then 'the ratio of the spin-off does not lower the price'
    end as fault,
    jsonb_agg(jsonb_strip_nulls(jsonb_build_object('ex_date', a.ex_date, 'kind', a.kind, 'cash_amount', a.cash_amount, 'split_from', a.split_from,
      'split_to', a.split_to, 'occurrence', a.occurrence, 'value_source', a.value_source)) order by a.ex_date, a.kind, a.action_key, a.occurrence) as events
  from actions a
  group by a.security_id, a.ex_session
), located as (
  select d.*, before.trade_date as date_before, before.close as close_before, after.close as close_after,
    before.trade_date >= coalesce((select c.session_date from stocks_research.trading_sessions c where c.session_date < d.ex_session
                                   -- within 10 sessions
                                   order by c.session_date desc offset 9 limit 1), '-infinity') as is_near_before,
    after.trade_date <= coalesce((select c.session_date from stocks_research.trading_sessions c where c.session_date >= d.ex_session
                                  order by c.session_date offset 9 limit 1), 'infinity') as is_near_after
  from days d
  cross join lateral (
    select p.trade_date, p.close from stocks_research.prices_daily p
    where p.security_id = d.security_id and p.trade_date < d.ex_session order by p.trade_date desc limit 1) before
  cross join lateral (
    select p.trade_date, p.close from stocks_research.prices_daily p
    where p.security_id = d.security_id and p.trade_date >= d.ex_session and p.trade_date <= $1 order by p.trade_date limit 1) after
  where not d.is_after_last_bar
), in_old_shares as (
  -- Events between two bars make one step. Cash paid after a split between them is brought to the shares of
  -- the bar before.
  select l.*, l.cash * round(stocks_research.product_exact(l.price_to) over earlier, 60)
    / stocks_research.product_exact(l.price_from) over earlier as old_cash
  from located l
  window earlier as (partition by l.security_id, l.date_before order by l.ex_session rows between unbounded preceding and 1 preceding)
), closes as (
  select o.security_id, max(o.ex_session) as ex_session, o.close_before, o.close_after, sum(o.old_cash) as cash,
    stocks_research.product_exact(o.price_from) as price_from, stocks_research.product_exact(o.price_to) as price_to,
    stocks_research.product_exact(o.split_from) as split_from, stocks_research.product_exact(o.split_to) as split_to,
    jsonb_path_query_array(jsonb_agg(o.events order by o.ex_session), '$[*][*]') as events,
    min(o.ex_session || ': ' || coalesce(o.fault, case
      when o.cash > 0 and not o.is_near_before then 'no close within 10 sessions before the ex-date'
      when sum_of.cash >= o.close_before then 'the cash is not less than the close before the ex-date' end)) as price_fault,
    min(o.ex_session || ': no close within 10 sessions from the ex-date, so no total return') filter (where o.cash > 0 and not o.is_near_after) as total_return_fault
  from in_old_shares o
  join (select i.security_id, i.date_before, sum(i.old_cash) as cash from in_old_shares i group by i.security_id, i.date_before) sum_of
    using (security_id, date_before)
  group by o.security_id, o.date_before, o.close_before, o.close_after
), waiting as materialized (
  select d.security_id, min(d.ex_session) as ex_session, bool_or(d.has_split) as has_split from days d where d.is_after_last_bar group by d.security_id
), steps as (
  select c.security_id, c.ex_session, c.events, c.split_from, c.split_to,
    case when c.price_fault is not null then null
      when c.cash = 0 then round(c.price_from, 60) / c.price_to
      else round((c.close_before - c.cash) * c.price_from, 60) / (c.close_before * c.price_to) end as price_step,
    case when c.price_fault is not null or c.total_return_fault is not null then null
      when c.cash = 0 then round(c.price_from, 60) / c.price_to
      else round(c.close_after * c.price_from, 60) / (c.close_after * c.price_to + c.cash * c.price_from) end as total_return_step,
    coalesce(c.price_fault, c.total_return_fault) as reason
  from closes c
  union all
  -- The end of the chain: 1, or null when an event waits behind the last bar.
  select s.security_id, s.last_bar + 1, '[]'::jsonb,
    case when not coalesce(d.has_split, false) then 1 end, case when not coalesce(d.has_split, false) then 1 end,
    case when d.ex_session is null then 1 end, case when d.ex_session is null then 1 end,
    d.ex_session || ': no bar on or after the ex-date'
  from spans s
  left join waiting d using (security_id)
), chain as (
  select t.security_id, t.ex_session, t.events,
    stocks_research.product_rounded(t.price_step) over later as price_factor,
    stocks_research.product_rounded(t.total_return_step) over later as total_return_factor,
    stocks_research.product_exact(t.split_from) over later as split_from,
    stocks_research.product_exact(t.split_to) over later as split_to,
    min(t.reason) over later as reason,
    lag(t.ex_session) over (partition by t.security_id order by t.ex_session) as previous_session
  from steps t
  window later as (partition by t.security_id order by t.ex_session desc rows between unbounded preceding and current row)
)
select c.security_id, s.source_id, coalesce(c.previous_session, s.first_bar), c.ex_session - 1, c.price_factor, c.total_return_factor,
  trim_scale(c.split_from / gcd(c.split_from, c.split_to)), trim_scale(c.split_to / gcd(c.split_from, c.split_to)), c.events, c.reason
from chain c
join spans s using (security_id)
$$;
comment on function stocks_research.adjustment_intervals(date, text[]) is 'The rows of adjustment_factors as they would have been computed at the end of the day as_of, from the bars and events known at it; of all securities, or of those named by source_id (column item). Refuses an event rather than taking its factor for 1.';

comment on column stocks_research.adjustment_factors.events is 'The events at the end of the interval: with those of all later intervals they made its factors; value_source says where the value of a spin-off comes from. [] for the last one.';
comment on column stocks_research.corporate_actions.split_from is 'So many old shares … (of a spin-off: the price before, 1 …)';
comment on column stocks_research.corporate_actions.split_to is '… became so many new ones. 20 to 1 is a reverse split; a stock dividend of 2 % is 1 to 1.02. Of a spin-off: … is to the price after as this to split_from; no share is added.';
comment on column stocks_research.corporate_actions.action_key is 'What tells two events of one kind and day apart: the terms in canonical form (amount and currency, or ratio), or the security that was spun off.';

-- What was loaded before as a split or as cash, though its source called it a spin-off.
update stocks_research.corporate_actions
set kind = 'spin_off', detail = detail - 'stated_kind',
  action_key = case when kind = 'split' then 'spin_off' else action_key end
where kind in ('split', 'cash_dividend') and lower(detail ->> 'stated_kind') in ('spin_off', 'spinoff', 'spin-off');
update stocks_research.corporate_actions
set action_key = 'spin_off ' || coalesce(detail ->> 'new_source_id', detail ->> 'new_symbol')
where kind = 'spin_off' and cash_amount is null and split_to is null and coalesce(detail ->> 'new_source_id', detail ->> 'new_symbol') is not null;
