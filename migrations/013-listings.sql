-- How a listing ended, and what its holders received.
--
-- Every leg that a source reports counts: cash of the event, shares of the acquirer, payments after the last
-- bar. Where one leg cannot be valued there is no value, and a reason; a part is never shown as the whole.

create view stocks_research.delistings_v as
select s.security_id, s.source_id, s.ticker,
  coalesce(d.end_date, e.ex_date, b.trade_date) as end_date,
  coalesce(d.end_date, e.ex_date) is not null as has_stated_end,
  b.trade_date as last_trade_date,
  b.close as last_close,
  c.delisting_code,
  e.ex_date as event_date,
  nullif(c.cash, 0) as cash_per_share,
  e.shares_per_share,
  c.acquirer_ticker,
  x.security_id as acquirer_security_id,
  s.currency,
  case when c.reason is null then c.value_per_share end as value_per_share,
  case when c.reason is null then greatest(c.event_date, p.last_date) end as value_date,
  case when c.reason is null then round(c.value_per_share / b.close - 1, 12) end as delisting_return,
  c.reason as delisting_return_reason
from stocks_research.securities s
cross join lateral (
  -- The last day of the listing: as its source states it, or the last day of the last ticker.
  select coalesce(
    s.delist_date,
    (
      select nullif(max(coalesce(t.valid_to, 'infinity')), 'infinity')
      from stocks_research.ticker_history t
      where t.security_id = s.security_id
    )
  ) as end_date
) d
left join lateral (
  select p.trade_date, p.close
  from stocks_research.prices_daily p
  where p.security_id = s.security_id
  order by p.trade_date desc
  limit 1
) b on true
left join lateral (
  -- The event that ended the listing: a merger, else a delisting that says how, else any delisting.
  select a.*
  from stocks_research.corporate_actions a
  where a.security_id = s.security_id
    and a.kind in ('merger', 'delisting')
    -- An acquirer may have the merger too, and stays listed. What trades on has not ended.
    and case
      when d.end_date is null
        then a.kind = 'delisting' and a.ex_date >= coalesce(b.trade_date, a.ex_date) - 10
      else abs(a.ex_date - d.end_date) <= 10
    end
  order by a.kind desc, coalesce(a.delisting_code, 'not_known') = 'not_known', a.ex_date desc, a.action_key
  limit 1
) e on true
left join lateral (
  -- Payments after the last bar are proceeds.
  select sum(a.cash_amount) filter (where stocks_research.is_cash_kind(a.kind)) as cash,
    max(a.ex_date) filter (where stocks_research.is_cash_kind(a.kind)) as last_date,
    bool_or(a.kind = 'liquidation') as has_liquidation,
    bool_or(stocks_research.is_split_kind(a.kind)) as has_split,
    bool_or(a.kind = 'spin_off') as has_spin_off,
    bool_or(stocks_research.is_cash_kind(a.kind) and coalesce(a.currency <> s.currency, false)) as is_foreign
  from stocks_research.corporate_actions a
  where a.security_id = s.security_id
    and stocks_research.moves_price(a.kind)
    and a.ex_date > b.trade_date
) p on true
left join lateral (
  -- The acquirer, by its source_id, or by its ticker on the day of the event.
  select q.security_id, q.currency
  from stocks_research.securities q
  where q.source_id = e.acquirer_source_id
  union all
  select q.security_id, q.currency
  from stocks_research.ticker_history t
  join stocks_research.securities q on q.security_id = t.security_id
  where e.acquirer_source_id is null
    and t.ticker = e.acquirer_ticker
    and e.ex_date >= t.valid_from
    and e.ex_date <= coalesce(t.valid_to, 'infinity')
  limit 1
) x on true
left join lateral (
  -- The acquirer's last close, at most fifteen days before the end of the listing.
  select q.close
  from stocks_research.prices_daily q
  where q.security_id = x.security_id
    and q.trade_date <= e.ex_date
    and q.trade_date >= e.ex_date - 15
  order by q.trade_date desc
  limit 1
) q on true
cross join lateral (
  select
    coalesce(e.cash_amount, 0) + coalesce(p.cash, 0) as cash,
    e.shares_per_share is not null or coalesce(e.delisting_code, '') in ('merger_stock', 'merger_mixed')
      as has_stock_leg,
    coalesce(e.cash_amount > 0, false) or coalesce(e.delisting_code, '') in ('merger_cash', 'merger_mixed')
      as has_cash_leg
) l
cross join lateral (
  -- The code that follows from the legs; the source's own code where they do not say.
  select
    case
      when e.kind = 'merger' and l.has_stock_leg
        then case when l.has_cash_leg then 'merger_mixed' else 'merger_stock' end
      when e.kind = 'merger'
        then case when l.has_cash_leg then 'merger_cash' else coalesce(e.delisting_code, 'not_known') end
      when coalesce(e.delisting_code, 'not_known') not in ('not_known', 'liquidation')
        then e.delisting_code
      when p.has_liquidation or e.delisting_code = 'liquidation'
        then case
          when s.security_type in ('preferred', 'note', 'bond', 'warrant', 'right') then 'redeemed'
          else 'liquidation'
        end
      when e.cash_amount = 0 and e.shares_per_share is null and not e.has_other_proceeds
        then 'worthless'
      else 'not_known'
    end as delisting_code
) k
cross join lateral (
  select k.delisting_code, l.cash,
    case when l.has_stock_leg or l.has_cash_leg or p.cash is null then e.ex_date end as event_date,
    coalesce(e.acquirer_ticker, (
      select q.ticker
      from stocks_research.securities q
      where q.security_id = x.security_id
    )) as acquirer_ticker,
    l.cash + coalesce(e.shares_per_share * q.close, 0) as value_per_share,
    case
      when e.ex_date is null and p.cash is null then 'no_event_known'
      when b.close is null then 'no_close'
      when exists (
        select
        from stocks_research.refused_events r
        where r.security_id = s.security_id
          and r.kind <> 'name_change'
          and coalesce(r.ex_date, 'infinity') >= b.trade_date
      ) then 'event_refused'
      when coalesce(e.has_other_proceeds, false) or coalesce(p.has_spin_off, false) then 'other_proceeds'
      when p.has_split then 'split_after_last_close'
      when k.delisting_code in ('moved_to_otc', 'moved_exchange') then 'trades_elsewhere'
      when l.has_cash_leg and coalesce(e.cash_amount, 0) = 0 then 'terms_not_reported'
      when l.has_stock_leg and e.shares_per_share is null then 'terms_not_reported'
      when k.delisting_code <> 'worthless' and not l.has_stock_leg and l.cash = 0 then 'terms_not_reported'
      -- Payments of an end that nobody describes may be a part of what was paid.
      when k.delisting_code = 'not_known' and not (l.has_stock_leg or l.has_cash_leg)
        then 'terms_not_reported'
      when b.trade_date < coalesce(d.end_date, e.ex_date) - 90 then 'last_close_too_old'
      when e.shares_per_share is not null and e.acquirer_source_id is null and e.acquirer_ticker is null
        then 'acquirer_not_reported'
      when e.shares_per_share is not null and x.security_id is null then 'acquirer_not_in_database'
      when e.shares_per_share is not null and q.close is null then 'no_close_of_acquirer'
      when not coalesce(e.cash_amount is null or e.currency is null or e.currency = s.currency, false)
        or p.is_foreign
        or (e.shares_per_share is not null and x.currency is distinct from s.currency)
        then 'other_currency'
    end as reason
) c
where d.end_date is not null
  or e.ex_date is not null
  or s.is_listed is false;
comment on view stocks_research.delistings_v is
  'One row for each listing that ended, delisted securities only: how it ended, what holders received, and '
  'the return from the last close to that. As known today. No average, such as -30 %, is ever filled in: '
  'where the proceeds do not follow from the data, the return is null with a reason. Trap: a study that '
  'leaves out null returns leaves out the worst ends; state your own assumption for them.';
comment on column stocks_research.delistings_v.security_id is 'The security.';
comment on column stocks_research.delistings_v.source_id is 'As in securities.';
comment on column stocks_research.delistings_v.ticker is 'Last ticker.';
comment on column stocks_research.delistings_v.end_date is
  'Last day of the listing: as its source states it, else the last day of its last ticker, else the day of '
  'the event, else that of the last bar.';
comment on column stocks_research.delistings_v.has_stated_end is
  'False when the source reports that the listing ended, but not when: then end_date is the day of the last '
  'bar.';
comment on column stocks_research.delistings_v.last_trade_date is 'Day of the last bar.';
comment on column stocks_research.delistings_v.last_close is
  'Close of the last bar, trading currency per share, unadjusted.';
comment on column stocks_research.delistings_v.delisting_code is
  'merger_cash, merger_stock, merger_mixed (cash and shares), liquidation, worthless, moved_to_otc, '
  'moved_exchange, redeemed, expired, or not_known. It follows from what was paid, where that is reported.';
comment on column stocks_research.delistings_v.event_date is
  'Day of the merger or delisting in corporate_actions; null when no event is known.';
comment on column stocks_research.delistings_v.cash_per_share is
  'Cash per share: that of the event, and every payment after the last bar; null when there is none.';
comment on column stocks_research.delistings_v.shares_per_share is
  'Shares of the acquirer for one share; null when there are none.';
comment on column stocks_research.delistings_v.acquirer_ticker is
  'Ticker of the acquirer: as reported, else its last one; null when not known.';
comment on column stocks_research.delistings_v.acquirer_security_id is
  'The acquirer, when this database has it.';
comment on column stocks_research.delistings_v.currency is
  'ISO 4217 code of cash_per_share, value_per_share and last_close.';
comment on column stocks_research.delistings_v.value_per_share is
  'cash_per_share plus shares_per_share times the acquirer''s last close up to event_date; null with a '
  'reason.';
comment on column stocks_research.delistings_v.value_date is
  'Day of the value: event_date where the event has a part in it, or the day of a later payment.';
comment on column stocks_research.delistings_v.delisting_return is
  'value_per_share / last_close - 1, 12 decimals: 0.05 is 5 %. It is part of no price series; '
  'returns_daily_v compounds it.';
comment on column stocks_research.delistings_v.delisting_return_reason is
  'Why delisting_return is null: no_event_known, no_close, event_refused, other_proceeds, '
  'split_after_last_close, trades_elsewhere, terms_not_reported, last_close_too_old, acquirer_not_reported, '
  'acquirer_not_in_database, no_close_of_acquirer, or other_currency.';

create view stocks_research.securities_listing_v as
select s.security_id, s.source_id, s.ticker, s.security_type, s.list_date, s.delist_date,
  f.first_trade_date, l.last_trade_date,
  coalesce(s.list_date, f.first_trade_date) as listed_from,
  case
    when s.list_date is not null then 'stated'
    when f.first_trade_date is null then 'not_known'
    when f.first_trade_date = w.first_date then 'window'
    else 'first_bar'
  end as listed_from_evidence,
  coalesce(d.end_date, l.last_trade_date) as listed_to,
  case
    when d.has_stated_end then 'stated'
    when l.last_trade_date is null then 'not_known'
    when l.last_trade_date >= w.recent_date and d.security_id is null then 'window'
    else 'last_bar'
  end as listed_to_evidence,
  d.delisting_code, d.delisting_return,
  case when d.security_id is null then 'listed' else d.delisting_return_reason end as delisting_return_reason
from stocks_research.securities s
cross join (
  -- The first session with bars, and the tenth session before the last one with bars.
  select b.first_date,
    (
      select c.session_date
      from stocks_research.trading_sessions c
      where c.session_date <= b.last_date
      order by c.session_date desc
      offset 10 limit 1
    ) as recent_date
  from (
    select min(p.trade_date) as first_date, max(p.trade_date) as last_date
    from stocks_research.prices_daily p
  ) b
) w
cross join lateral (
  select min(p.trade_date) as first_trade_date
  from stocks_research.prices_daily p
  where p.security_id = s.security_id
) f
cross join lateral (
  select max(p.trade_date) as last_trade_date
  from stocks_research.prices_daily p
  where p.security_id = s.security_id
) l
left join stocks_research.delistings_v d on d.security_id = s.security_id;
comment on view stocks_research.securities_listing_v is
  'Every security with the span of its listing, the evidence of both ends, and how it ended. A day outside '
  'listed_from and listed_to is one on which nothing shows that the security was listed. Details of an end: '
  'delistings_v.';
comment on column stocks_research.securities_listing_v.security_id is 'The security.';
comment on column stocks_research.securities_listing_v.source_id is 'As in securities.';
comment on column stocks_research.securities_listing_v.ticker is 'Last ticker.';
comment on column stocks_research.securities_listing_v.security_type is 'As in securities.';
comment on column stocks_research.securities_listing_v.list_date is 'As in securities.';
comment on column stocks_research.securities_listing_v.delist_date is 'As in securities.';
comment on column stocks_research.securities_listing_v.first_trade_date is 'Day of the first bar.';
comment on column stocks_research.securities_listing_v.last_trade_date is 'Day of the last bar.';
comment on column stocks_research.securities_listing_v.listed_from is
  'First day on which it is known to be listed.';
comment on column stocks_research.securities_listing_v.listed_from_evidence is
  'stated (list_date); first_bar; window: the first bar is on the first session of this database, so it may '
  'have been listed long before; not_known: no bar.';
comment on column stocks_research.securities_listing_v.listed_to is
  'Last day on which it is known to be listed.';
comment on column stocks_research.securities_listing_v.listed_to_evidence is
  'stated (delist_date, the last ticker, or the event); window: it traded within ten sessions of the last '
  'session of this database, so it is listed; last_bar: its bars end before, and no source says why; '
  'not_known: no bar.';
comment on column stocks_research.securities_listing_v.delisting_code is
  'As in delistings_v; null while listed.';
comment on column stocks_research.securities_listing_v.delisting_return is 'As in delistings_v.';
comment on column stocks_research.securities_listing_v.delisting_return_reason is
  'As in delistings_v; listed while no end is known.';

-- A security that left the universe keeps its rows: research of past days needs them.
create table ingestion.removed_securities (
  security_id       bigint      primary key references stocks_research.securities on delete restrict,
  removed_at        timestamptz not null default now(),
  reason            text        not null check (reason <> '')
);
comment on table ingestion.removed_securities is
  'Securities that were removed from the universe (npm run ingest -- universe remove). Their rows stay; '
  'coverage and freshness do not count them. Adding one again deletes its row here.';
comment on column ingestion.removed_securities.security_id is 'The security.';
comment on column ingestion.removed_securities.removed_at is 'When it was removed, UTC.';
comment on column ingestion.removed_securities.reason is 'Why, as the person who removed it wrote.';

-- The age of the newest bar, for freshness. A listing that ended before the day is not listed on it.
create function stocks_research.bar_ages(as_of date)
returns table (security_id bigint, newest_bar_date date, age_sessions bigint, is_listed boolean)
language sql stable
as $$
with sessions as (
  select c.session_date, row_number() over (order by c.session_date) as session_no
  from stocks_research.trading_sessions c
  where c.session_date <= as_of
), newest as materialized (
  -- Materialized, so that sessions are joined once by a hash and not searched for each security.
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
    and not exists (select from ingestion.removed_securities r where r.security_id = n.security_id)
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
  'and whether the security was listed on that day and is in the universe. Date and age are null without a '
  'bar.';
