-- Adjustment of prices: the chain of factors, as it would have been computed on a past day. Only bars and
-- events up to as_of are used.

create function stocks_research.adjustment_intervals(as_of date, source_ids text[] default null)
returns table (
  security_id bigint, item text, first_date date, last_date date,
  price_factor numeric, total_return_factor numeric, split_numerator numeric, split_denominator numeric,
  events jsonb, reason text
)
language sql stable parallel safe
set search_path = pg_catalog
set jit = off
as $$
with spans as materialized (
  -- A security, with its first and last bar until as_of.
  select s.security_id, s.source_id, s.currency, b.first_bar, b.last_bar,
    -- A listing ends with the delisting, or with the last ticker when no delisting is known.
    least(
      s.delist_date,
      (
        select max(coalesce(t.valid_to, 'infinity'))
        from stocks_research.ticker_history t
        where t.security_id = s.security_id
      )
    ) as last_listed
  from stocks_research.securities s
  cross join lateral (
    select min(p.trade_date) as first_bar, max(p.trade_date) as last_bar
    from stocks_research.prices_daily p
    where p.security_id = s.security_id
      and p.trade_date <= $1
  ) b
  where ($2 is null or s.source_id = any ($2))
    and b.first_bar is not null
), refused as not materialized (
  -- A refused event that would move the price, with the reason that its values carry.
  select r.security_id, r.ex_date, r.kind, r.declared_date,
    case when r.kind = 'unknown' then 'an event' else 'a ' || replace(r.kind, '_', ' ') end
      || ' of its source was refused: ' || r.reason as refused
  from stocks_research.refused_events r
  where r.kind = 'unknown'
    or stocks_research.moves_price(r.kind)
), reported as (
  -- An event that moves the price, stored or refused.
  select a.security_id, a.ex_date, a.kind, a.action_key, a.occurrence,
    a.split_from, a.split_to, a.cash_amount, a.currency, a.declared_date, a.detail,
    null::text as refused
  from stocks_research.corporate_actions a
  where stocks_research.moves_price(a.kind)
  union all
  select r.security_id, r.ex_date, r.kind, null, null,
    null, null, null, null, r.declared_date, null,
    r.refused
  from refused r
), actions as (
  -- An event inside the series that is known on as_of, with its value and the session on which it takes
  -- effect.
  select a.security_id, a.ex_date, a.kind, a.action_key, a.occurrence, a.split_from, a.split_to, a.refused,
    s.last_bar, s.last_listed, x.ex_session,
    a.kind = 'unknown' or stocks_research.is_split_kind(a.kind) as is_split,
    a.kind = 'spin_off' and a.cash_amount is null and a.split_to is not null as is_spin_off_ratio,
    coalesce(a.cash_amount, v.cash_amount) as stated_cash,
    -- In the currency of the prices; null when no rate is known.
    case
      when coalesce(v.currency, a.currency) <> s.currency
        then round(coalesce(a.cash_amount, v.cash_amount) * r.numerator, 60) / r.denominator
      else coalesce(a.cash_amount, v.cash_amount)
    end as cash_amount,
    case when r.rates is not null then coalesce(v.currency, a.currency) end as stated_currency,
    r.rates as fx_rates,
    case
      when a.kind = 'spin_off' then coalesce(
        v.value_source,
        case
          when a.cash_amount is not null then 'stated value'
          when a.split_to is not null then 'stated ratio'
        end
      )
    end as value_source,
    coalesce(v.currency, a.currency) <> s.currency and r.rates is null as is_foreign
  from spans s
  join reported a using (security_id)
  -- An ex-date on a day without trading takes effect on the next session.
  cross join lateral (
    select min(c.session_date) as ex_session
    from stocks_research.trading_sessions c
    where c.session_date >= a.ex_date
  ) x
  -- A spin-off without a stated value is valued at the first close of the security that was spun off. Here
  -- and below, `offset 0` keeps the condition in front of the function: else it is called for each event.
  left join lateral (
    select
      c.close * round((a.detail ->> 'new_rate')::numeric, 60) / (a.detail ->> 'source_rate')::numeric
        as cash_amount,
      c.currency,
      'first close of ' || c.source_id || ' on ' || c.trade_date
        || ' x ' || (a.detail ->> 'new_rate') || ' / ' || (a.detail ->> 'source_rate') as value_source
    from stocks_research.spun_off_first_close(a.security_id, x.ex_session, a.detail, $1) c
    where a.kind = 'spin_off'
      and a.cash_amount is null
      and a.split_to is null
      and a.refused is null
    offset 0
  ) v on true
  -- A payment in another currency counts with the rate of its ex-date.
  left join lateral (
    select c.numerator, c.denominator, c.rates
    from stocks_research.fx_conversion(coalesce(v.currency, a.currency), s.currency, a.ex_date, $1) c
    where coalesce(v.currency, a.currency) <> s.currency
      and a.refused is null
    offset 0
  ) r on true
  -- Known from the ex-date on, or from the declaration when that came later.
  where x.ex_session > s.first_bar
    and greatest(x.ex_session, a.declared_date) <= $1
    and x.ex_session <= coalesce(s.last_listed, 'infinity')
), days as materialized (
  -- All events of a security that take effect on one session. price_* moves the price, split_* moves the
  -- number of shares: a spin-off is not a split.
  select a.security_id, a.ex_session, a.ex_session > max(a.last_bar) as is_after_last_bar,
    -- After the last bar, a liquidation and whatever follows the end of the listing are proceeds, which
    -- delistings_v has. No price before them changes.
    -- Where the bars end long before the listing, bars are missing, and the event belongs between them.
    bool_and(a.kind = 'liquidation')
      or (max(a.last_listed) <= $1 and max(a.last_bar) >= max(a.last_listed) - 90) as is_proceeds,
    coalesce(sum(a.cash_amount) filter (where not a.is_split), 0) as cash,
    stocks_research.product_exact(a.split_from)
      filter (where a.is_split or a.is_spin_off_ratio) as price_from,
    stocks_research.product_exact(a.split_to)
      filter (where a.is_split or a.is_spin_off_ratio) as price_to,
    stocks_research.product_exact(a.split_from) filter (where a.is_split) as split_from,
    stocks_research.product_exact(a.split_to) filter (where a.is_split) as split_to,
    bool_or(a.is_split) as has_split,
    min(a.refused) as refused,
    case
      when min(a.refused) is not null
        then min(a.refused)
      when bool_or(not a.is_split and not a.is_spin_off_ratio and a.stated_cash is null)
        then 'the value of the spin-off is not known'
      when bool_or(not a.is_split and not a.is_spin_off_ratio and a.is_foreign)
        then 'the cash is not in the currency of the prices'
      when bool_or(a.is_spin_off_ratio and a.split_to <= a.split_from)
        then 'the ratio of the spin-off does not lower the price'
    end as fault,
    jsonb_agg(
      jsonb_strip_nulls(
        jsonb_build_object(
          'ex_date', a.ex_date,
          'kind', a.kind,
          'cash_amount', a.stated_cash,
          'currency', a.stated_currency,
          'fx_rates', a.fx_rates,
          'split_from', a.split_from,
          'split_to', a.split_to,
          'occurrence', a.occurrence,
          'value_source', a.value_source,
          'refused', a.refused
        )
      )
      order by a.ex_date, a.kind, a.action_key, a.occurrence, a.refused
    ) as events
  from actions a
  group by a.security_id, a.ex_session
), located as (
  -- Such a session, with the closes before and after it, and whether they are within 10 sessions.
  select d.*,
    before.trade_date as date_before,
    before.close as close_before,
    after.close as close_after,
    before.trade_date >= coalesce(
      (
        select c.session_date
        from stocks_research.trading_sessions c
        where c.session_date < d.ex_session
        order by c.session_date desc
        offset 9 limit 1
      ),
      '-infinity'
    ) as is_near_before,
    after.trade_date <= coalesce(
      (
        select c.session_date
        from stocks_research.trading_sessions c
        where c.session_date >= d.ex_session
        order by c.session_date
        offset 9 limit 1
      ),
      'infinity'
    ) as is_near_after
  from days d
  cross join lateral (
    select p.trade_date, p.close
    from stocks_research.prices_daily p
    where p.security_id = d.security_id
      and p.trade_date < d.ex_session
    order by p.trade_date desc
    limit 1
  ) before
  cross join lateral (
    select p.trade_date, p.close
    from stocks_research.prices_daily p
    where p.security_id = d.security_id
      and p.trade_date >= d.ex_session
      and p.trade_date <= $1
    order by p.trade_date
    limit 1
  ) after
  where not d.is_after_last_bar
), in_old_shares as (
  -- Events between two bars make one step. Cash paid after a split between them is converted to the shares of
  -- the bar before.
  select l.*,
    l.cash * round(stocks_research.product_exact(l.price_to) over earlier, 60)
      / stocks_research.product_exact(l.price_from) over earlier as old_cash
  from located l
  window earlier as (
    partition by l.security_id, l.date_before
    order by l.ex_session
    rows between unbounded preceding and 1 preceding
  )
), closes as (
  -- All events between two bars.
  select o.security_id, max(o.ex_session) as ex_session, o.close_before, o.close_after,
    sum(o.old_cash) as cash,
    stocks_research.product_exact(o.price_from) as price_from,
    stocks_research.product_exact(o.price_to) as price_to,
    stocks_research.product_exact(o.split_from) as split_from,
    stocks_research.product_exact(o.split_to) as split_to,
    jsonb_path_query_array(jsonb_agg(o.events order by o.ex_session), '$[*][*]') as events,
    min(
      o.ex_session || ': ' || coalesce(
        o.fault,
        case
          when o.cash > 0 and not o.is_near_before
            then 'no close within 10 sessions before the ex-date'
          when sum_of.cash >= o.close_before
            then 'the cash is not less than the close before the ex-date'
        end
      )
    ) as price_fault,
    min(o.ex_session || ': no close within 10 sessions from the ex-date, so no total return')
      filter (where o.cash > 0 and not o.is_near_after) as total_return_fault
  from in_old_shares o
  join (
    select i.security_id, i.date_before, sum(i.old_cash) as cash
    from in_old_shares i
    group by i.security_id, i.date_before
  ) sum_of using (security_id, date_before)
  group by o.security_id, o.date_before, o.close_before, o.close_after
), waiting as materialized (
  -- A security with an event after its last bar.
  select w.security_id, min(w.reason) as reason, bool_or(w.has_split) as has_split
  from (
    select d.security_id, d.has_split,
      d.ex_session || ': ' || coalesce(d.refused, 'no bar on or after the ex-date') as reason
    from days d
    where d.is_after_last_bar
      and d.is_proceeds is not true
    union all
    -- An event without a known day may belong after any bar.
    select r.security_id, r.kind = 'unknown' or stocks_research.is_split_kind(r.kind),
      'unknown ex-date: ' || r.refused
    from refused r
    where r.ex_date is null
      and coalesce(r.declared_date, '-infinity') <= $1
  ) w
  group by w.security_id
), steps as (
  -- One step of the chain: what prices before a session are multiplied with.
  select c.security_id, c.ex_session, c.events, c.split_from, c.split_to,
    case
      when c.price_fault is not null
        then null
      when c.cash = 0
        then round(c.price_from, 60) / c.price_to
      else round((c.close_before - c.cash) * c.price_from, 60) / (c.close_before * c.price_to)
    end as price_step,
    case
      when c.price_fault is not null or c.total_return_fault is not null
        then null
      when c.cash = 0
        then round(c.price_from, 60) / c.price_to
      else round(c.close_after * c.price_from, 60) / (c.close_after * c.price_to + c.cash * c.price_from)
    end as total_return_step,
    coalesce(c.price_fault, c.total_return_fault) as reason
  from closes c
  union all
  -- The end of the chain: 1, or null when an event waits after the last bar.
  select s.security_id, s.last_bar + 1, '[]'::jsonb,
    case when not coalesce(d.has_split, false) then 1 end,
    case when not coalesce(d.has_split, false) then 1 end,
    case when d.reason is null then 1 end,
    case when d.reason is null then 1 end,
    d.reason
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
  window later as (
    partition by t.security_id
    order by t.ex_session desc
    rows between unbounded preceding and current row
  )
)
select c.security_id, s.source_id,
  coalesce(c.previous_session, s.first_bar), c.ex_session - 1,
  c.price_factor, c.total_return_factor,
  trim_scale(c.split_from / gcd(c.split_from, c.split_to)),
  trim_scale(c.split_to / gcd(c.split_from, c.split_to)),
  c.events, c.reason
from chain c
join spans s using (security_id)
$$;
comment on function stocks_research.adjustment_intervals(date, text[]) is
  'The rows of adjustment_factors as they would have been computed at the end of the day as_of, from the '
  'bars and events known on that day; of all securities, or of those with these source_ids (column item). '
  'An event that cannot be applied, such as one of refused_events, gives null and a reason, never a factor '
  'of 1.';
