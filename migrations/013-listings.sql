-- How a listing ended.

create view stocks_research.securities_listing_v as
select s.security_id, s.source_id, s.ticker, s.list_date, s.delist_date,
  b.first_trade_date, b.last_trade_date,
  e.delisting_kind, e.ex_date as delisting_event_date,
  case when e.is_cash_alone and b.last_close > 0 then round(e.cash_amount / b.last_close - 1, 12) end
    as delisting_return,
  case
    when s.delist_date is null and e.ex_date is null then 'listed'
    when e.ex_date is null then 'no_event_known'
    when b.last_close is null then 'no_close'
    when not e.is_cash_alone then 'proceeds_not_known'
  end as delisting_return_reason
from stocks_research.securities s
left join lateral (
  -- The event that ended the listing.
  select a.ex_date,
    case
      when a.kind = 'merger' then 'merger'
      else coalesce(a.detail ->> 'reason', a.detail ->> 'stated_kind', 'unknown')
    end as delisting_kind,
    coalesce(a.cash_amount, r.cash_rate) as cash_amount,
    -- Proceeds are known when holders received cash and nothing else.
    coalesce(
      a.kind = 'merger'
        and coalesce(a.cash_amount, r.cash_rate) > 0
        and coalesce(r.stock_rate, 0) = 0
        and (a.currency is null or a.currency = s.currency),
      false
    ) as is_cash_alone
  from stocks_research.corporate_actions a
  cross join lateral (
    select
      case
        when a.detail ->> 'cash_rate' ~ '^[0-9]+(\.[0-9]+)?$' then (a.detail ->> 'cash_rate')::numeric
      end as cash_rate,
      case
        when a.detail ->> 'stock_rate' ~ '^[0-9]+(\.[0-9]+)?$' then (a.detail ->> 'stock_rate')::numeric
        when a.detail ->> 'stock_rate' is not null then 1
      end as stock_rate
  ) r
  where a.security_id = s.security_id
    and a.kind in ('delisting', 'merger')
    -- An acquirer may have the merger too, and stays listed.
    and case
      when s.delist_date is null then a.kind = 'delisting'
      else abs(a.ex_date - s.delist_date) <= 10
    end
  order by a.kind desc, a.ex_date desc
  limit 1
) e on true
left join lateral (
  select min(p.trade_date) as first_trade_date, max(p.trade_date) as last_trade_date,
    (
      select l.close
      from stocks_research.prices_daily l
      where l.security_id = s.security_id
      order by l.trade_date desc
      limit 1
    ) as last_close
  from stocks_research.prices_daily p
  where p.security_id = s.security_id
) b on true;
comment on view stocks_research.securities_listing_v is
  'Span of each listing, how it ended, and the return from the last close to the proceeds. Where the '
  'proceeds are not known, the return is null, never a guess.';
comment on column stocks_research.securities_listing_v.security_id is 'The security.';
comment on column stocks_research.securities_listing_v.source_id is 'As in securities.';
comment on column stocks_research.securities_listing_v.ticker is 'Last ticker.';
comment on column stocks_research.securities_listing_v.list_date is 'As in securities.';
comment on column stocks_research.securities_listing_v.delist_date is 'As in securities.';
comment on column stocks_research.securities_listing_v.first_trade_date is 'Day of the first bar.';
comment on column stocks_research.securities_listing_v.last_trade_date is 'Day of the last bar.';
comment on column stocks_research.securities_listing_v.delisting_kind is
  'merger, or the reason in the source''s words; unknown when the source reports none; null while listed, '
  'or when no event is known.';
comment on column stocks_research.securities_listing_v.delisting_event_date is
  'Day of the delisting or merger in corporate_actions.';
comment on column stocks_research.securities_listing_v.delisting_return is
  'Cash received per share / last close - 1, 12 decimals; only when holders of a merged company received '
  'cash alone. It is not part of any price series.';
comment on column stocks_research.securities_listing_v.delisting_return_reason is
  'Why delisting_return is null: listed, no_event_known, no_close, or proceeds_not_known (shares, '
  'distributions to come, nothing reported).';

-- The age of the newest bar, for freshness. A listing that ended before the day is not listed on it.
create function stocks_research.bar_ages(as_of date)
returns table (security_id bigint, newest_bar_date date, age_sessions bigint, is_listed boolean)
language sql stable
as $$
with sessions as (
  select c.session_date, row_number() over (order by c.session_date) as session_no
  from stocks_research.trading_sessions c
  where c.session_date <= as_of
), newest as (
  select s.security_id, s.list_date, s.delist_date, b.trade_date
  from stocks_research.securities s
  left join lateral (
    select p.trade_date
    from stocks_research.prices_daily p
    where p.security_id = s.security_id
      and p.trade_date <= as_of
    order by p.trade_date desc
    limit 1
  ) b on true
)
select
  n.security_id,
  n.trade_date,
  (select max(e.session_no) from sessions e) - c.session_no,
  coalesce(n.list_date <= as_of, true)
    and coalesce(n.delist_date > as_of, true)
    and exists (
      select
      from stocks_research.ticker_history h
      where h.security_id = n.security_id
        and h.valid_from <= as_of
        and coalesce(h.valid_to >= as_of, true)
    )
from newest n
left join sessions c on c.session_date = n.trade_date
$$;
comment on function stocks_research.bar_ages(date) is
  'For each security the newest bar up to a day, its age in sessions (0: the last session up to that day), '
  'and whether the security was listed on that day. Date and age are null without a bar.';
