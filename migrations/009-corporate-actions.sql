-- Corporate actions.
--
-- Every event as its source states it, whatever the window. Several events of one day are several rows.

create function stocks_research.is_cash_kind(kind text) returns boolean
language sql immutable parallel safe
return kind in ('cash_dividend', 'special_dividend', 'return_of_capital', 'liquidation');
comment on function stocks_research.is_cash_kind(text) is
  'True for the kinds of corporate action that pay cash per share.';

create function stocks_research.is_split_kind(kind text) returns boolean
language sql immutable parallel safe
return kind in ('split', 'stock_dividend');
comment on function stocks_research.is_split_kind(text) is
  'True for the kinds of corporate action that change the number of shares.';

create function stocks_research.moves_price(kind text) returns boolean
language sql immutable parallel safe
return stocks_research.is_cash_kind(kind) or stocks_research.is_split_kind(kind) or kind = 'spin_off';
comment on function stocks_research.moves_price(text) is
  'True for the kinds of corporate action that prices are adjusted for.';

create table stocks_research.corporate_actions (
  security_id       bigint      not null references stocks_research.securities on delete restrict,
  ex_date           date        not null,
  kind              text        not null check (kind in (
                      'cash_dividend', 'special_dividend', 'return_of_capital', 'liquidation',
                      'stock_dividend', 'split', 'spin_off', 'merger', 'name_change', 'delisting')),
  action_key        text        not null,
  occurrence        integer     not null check (occurrence >= 1),
  cash_amount       numeric     check (cash_amount >= 0),
  currency          text        check (currency ~ '^[A-Z]{3}$'),
  split_from        numeric     check (split_from > 0),
  split_to          numeric     check (split_to > 0),
  declared_date     date,
  record_date       date,
  pay_date          date,
  delisting_code    text        check (delisting_code in (
                      'merger_cash', 'merger_stock', 'merger_mixed', 'liquidation', 'worthless',
                      'moved_to_otc', 'moved_exchange', 'redeemed', 'expired', 'not_known')),
  shares_per_share  numeric     check (shares_per_share > 0),
  acquirer_source_id text,
  acquirer_ticker   text,
  has_other_proceeds boolean    not null default false,
  detail            jsonb       not null default '{}',
  source            text        not null,
  primary key (security_id, ex_date, kind, action_key, occurrence),
  constraint corporate_actions_cash_has_amount check (
    not stocks_research.is_cash_kind(kind) or cash_amount is not null
  ),
  constraint corporate_actions_split_has_ratio check (
    not stocks_research.is_split_kind(kind) or (split_from is not null and split_to is not null)
  ),
  constraint corporate_actions_terms_end_a_listing check (
    kind in ('merger', 'delisting')
    or (
      delisting_code is null
      and shares_per_share is null
      and acquirer_source_id is null
      and acquirer_ticker is null
      and not has_other_proceeds
    )
  )
);
comment on table stocks_research.corporate_actions is
  'Dividends, splits, delistings and other events, as their source reports them, unadjusted.';
comment on column stocks_research.corporate_actions.security_id is 'The security of the event.';
comment on column stocks_research.corporate_actions.ex_date is
  'First day on which a buyer no longer receives the payment; for a delisting the last day of listing; for '
  'a change of name the day it takes effect.';
comment on column stocks_research.corporate_actions.kind is 'Kind of event.';
comment on column stocks_research.corporate_actions.action_key is
  'Distinguishes two events of one kind and day: the terms in canonical form (amount and currency, or '
  'ratio), or the security that was spun off.';
comment on column stocks_research.corporate_actions.occurrence is
  'Number of the event among events of one day with equal terms, from 1: three dividends of 0.06 on one '
  'ex-date are three events.';
comment on column stocks_research.corporate_actions.cash_amount is
  'Cash per share as paid on the ex-date, not adjusted for later splits, in currency. Of a merger or '
  'delisting: what holders received per share when the listing ended.';
comment on column stocks_research.corporate_actions.currency is 'ISO 4217 code of cash_amount.';
comment on column stocks_research.corporate_actions.split_from is
  'Old shares of the ratio split_from to split_to. Of a spin-off: 1, the price before.';
comment on column stocks_research.corporate_actions.split_to is
  'New shares of the ratio: 20 to 1 is a reverse split; a stock dividend of 2 % is 1 to 1.02. Of a '
  'spin-off: the price before as a multiple of the price after; no share is added.';
comment on column stocks_research.corporate_actions.declared_date is 'Day of declaration, when known.';
comment on column stocks_research.corporate_actions.record_date is 'Record date, when known.';
comment on column stocks_research.corporate_actions.pay_date is 'Pay date, when known.';
comment on column stocks_research.corporate_actions.delisting_code is
  'How a merger or delisting ended the listing, as far as the source reports it; null for other kinds and '
  'where the source reports none. delistings_v has the code that follows from all terms.';
comment on column stocks_research.corporate_actions.shares_per_share is
  'Shares of the acquirer that holders received for one share, at the end of a listing.';
comment on column stocks_research.corporate_actions.acquirer_source_id is
  'source_id of the acquirer, when the source reports it.';
comment on column stocks_research.corporate_actions.acquirer_ticker is
  'Ticker of the acquirer on the day of the event, when the source reports it.';
comment on column stocks_research.corporate_actions.has_other_proceeds is
  'True when holders also received something that no column states: rights, notes, shares of several '
  'companies. The terms are in detail.';
comment on column stocks_research.corporate_actions.detail is
  'Other terms as the source reports them, e.g. the reason of a delisting, old and new name.';
comment on column stocks_research.corporate_actions.source is 'The adapter that loaded it.';

select ingestion.watch_table('stocks_research.corporate_actions');
select ingestion.version_table('stocks_research.corporate_actions', 'security_id');

-- An event without an amount, or reported twice with two ratios, becomes no row of corporate_actions. But it
-- happened: adjusted prices that ignore it would be wrong and look right. So it is kept here, and all earlier
-- adjusted values are null until the source delivers a valid record.
create table stocks_research.refused_events (
  security_id       bigint      not null references stocks_research.securities on delete restrict,
  ex_date           date,
  kind              text        not null check (kind in (
                      'cash_dividend', 'special_dividend', 'return_of_capital', 'liquidation',
                      'stock_dividend', 'split', 'spin_off', 'merger', 'name_change', 'delisting',
                      'unknown')),
  declared_date     date,
  reason            text        not null,
  constraint refused_events_stand_once
    unique nulls not distinct (security_id, ex_date, kind, declared_date, reason)
);
comment on table stocks_research.refused_events is
  'Events of a security that its source reported and that were rejected: malformed, or reported with '
  'different values. Earlier adjusted values are null. Rewritten whenever the events of the security are '
  'read.';
comment on column stocks_research.refused_events.security_id is 'The security of the event.';
comment on column stocks_research.refused_events.ex_date is
  'As in corporate_actions; null when it cannot be read.';
comment on column stocks_research.refused_events.kind is
  'As in corporate_actions; unknown when the source reports another kind.';
comment on column stocks_research.refused_events.declared_date is 'Declaration date, when it can be read.';
comment on column stocks_research.refused_events.reason is 'Why the event was rejected, in a sentence.';

select ingestion.watch_table('stocks_research.refused_events');
select ingestion.version_table('stocks_research.refused_events', 'security_id');

-- Exchange rates, for payments in another currency than the prices. They belong to no security. The source
-- of each states the direction of its series, so that no direction is ever concluded from a value.
create table stocks_research.fx_rates (
  rate_date         date        not null,
  from_currency     text        not null check (from_currency ~ '^[A-Z]{3}$'),
  to_currency       text        not null check (to_currency ~ '^[A-Z]{3}$'),
  source            text        not null,
  rate              numeric     not null check (rate > 0),
  known_from        date        not null,
  primary key (rate_date, from_currency, to_currency, source),
  constraint fx_rates_of_two_currencies check (from_currency <> to_currency),
  constraint fx_rates_known_after_their_day check (known_from >= rate_date)
);
comment on table stocks_research.fx_rates is
  'Exchange rates of a day, as their source reports them. A rate that its source corrects is replaced.';
comment on column stocks_research.fx_rates.rate_date is 'The day of the rate, by its source.';
comment on column stocks_research.fx_rates.from_currency is
  'ISO 4217 code of the currency of which one unit is priced.';
comment on column stocks_research.fx_rates.to_currency is 'ISO 4217 code of the currency of the rate.';
comment on column stocks_research.fx_rates.source is
  'Who states the rate: ecb (European Central Bank), fed (Federal Reserve H.10), or the name that the '
  'delivery states, "delivery" by default.';
comment on column stocks_research.fx_rates.rate is
  'Units of to_currency for one unit of from_currency, as stated.';
comment on column stocks_research.fx_rates.known_from is
  'First day on which the rate was public: of the ECB its own day, of the Federal Reserve the Tuesday after '
  'its week.';

select ingestion.watch_table('stocks_research.fx_rates');
select ingestion.version_table('stocks_research.fx_rates', 'source');

create function stocks_research.fx_conversion(
  from_currency text, to_currency text, day date, as_of date
)
returns table (
  numerator numeric, denominator numeric, rate_date date, source text, rates text
)
language sql stable parallel safe
set search_path = pg_catalog
as $$
with stated as (
  -- A rate of the day or of the seven days before it that was known on as_of.
  select r.rate_date, r.source, r.from_currency, r.to_currency, r.rate,
    '1 ' || r.from_currency || ' = ' || r.rate || ' ' || r.to_currency as rates
  from stocks_research.fx_rates r
  where r.rate_date >= $3 - 7
    and r.rate_date <= $3
    and r.known_from <= $4
), ways as (
  -- It and its reverse, as fractions: units of to_currency for one unit of from_currency.
  select s.rate_date, s.source, s.from_currency, s.to_currency,
    s.rate as numerator, 1::numeric as denominator, 1 as way, s.rates
  from stated s
  union all
  select s.rate_date, s.source, s.to_currency, s.from_currency, 1, s.rate, 2, s.rates
  from stated s
), conversions as (
  select w.numerator, w.denominator, w.rate_date, w.source, w.way, w.rates
  from ways w
  where w.from_currency = $1
    and w.to_currency = $2
  union all
  -- Over one common currency, by two rates of one source and day.
  select a.numerator * b.numerator, a.denominator * b.denominator, a.rate_date, a.source, 3,
    a.rates || ', ' || b.rates
  from ways a
  join ways b
    on b.rate_date = a.rate_date
    and b.source = a.source
    and b.from_currency = a.to_currency
  where a.from_currency = $1
    and b.to_currency = $2
)
select c.numerator, c.denominator, c.rate_date, c.source,
  c.rates || ' on ' || c.rate_date || ' (' || c.source || ')'
from conversions c
order by c.rate_date desc, c.way, c.source collate "C", c.rates collate "C"
limit 1
$$;
comment on function stocks_research.fx_conversion(text, text, date, date) is
  'How an amount of a day is converted, by the rates known on as_of: amount x numerator / denominator. The '
  'rate is the newest of the day and of the seven days before it; of one day the stated pair, else its '
  'reverse, else two rates of one source over one common currency. No row when there is none.';

create function stocks_research.converted_cash(
  amount numeric, from_currency text, to_currency text, day date, as_of date
)
returns numeric
language sql stable parallel safe
set search_path = pg_catalog
as $$
select case
  when $2 <> $3 then (
    select round($1 * c.numerator, 60) / c.denominator
    from stocks_research.fx_conversion($2, $3, $4, $5) c
  )
  else $1
end
$$;
comment on function stocks_research.converted_cash(numeric, text, text, date, date) is
  'An amount in to_currency, by the rate of the day that was known on as_of (see fx_conversion); 60 '
  'decimals. The amount itself when the currencies are equal or one of them is not known; null without a '
  'rate.';

create function stocks_research.fx_sources(security_id text) returns setof text
language sql stable parallel safe
set search_path = pg_catalog
as $$
select distinct v.subject
from ingestion.subject_versions v
where v.table_name = 'stocks_research.fx_rates'
  and exists (
    select
    from stocks_research.corporate_actions a
    join stocks_research.securities s on s.security_id = a.security_id
    where a.security_id = $1::bigint
      and (a.currency <> s.currency or (a.kind = 'spin_off' and a.cash_amount is null))
  )
$$;
comment on function stocks_research.fx_sources(text) is
  'The sources of exchange rates, for a security with an event that may be in another currency: when one of '
  'them changes, its factors are derived again.';
