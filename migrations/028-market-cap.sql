-- Shares, capitalisation and trailing dividends on the share basis of a day, as known on it.
--
-- A count of shares is on the basis of its own day, unless a split lies between that day and its filing: then
-- the filer may already report new shares. The newest count that was filed before the split decides: the
-- count is on the basis to which it is nearer. Without such a count its basis is not known.
--
-- What a function computes is kept in materialized steps: PostgreSQL would call it again for each column.

create function stocks_research.split_ratio_as_of(
  security_id bigint, first_date date, last_date date, as_of date
)
returns numeric
language sql stable parallel safe
as $$
select case
  when count(*) = 0 then 1
  when $2 <= $3
    then round(stocks_research.product_exact(a.split_to), 60) / stocks_research.product_exact(a.split_from)
  else round(stocks_research.product_exact(a.split_from), 60) / stocks_research.product_exact(a.split_to)
end
from stocks_research.corporate_actions a
where a.security_id = $1
  and a.ex_date > least($2, $3)
  and a.ex_date <= greatest($2, $3)
  and greatest(a.ex_date, a.declared_date) <= $4
  and stocks_research.is_split_kind(a.kind)
$$;
comment on function stocks_research.split_ratio_as_of(bigint, date, date, date) is
  'split_ratio from the splits that were known at the end of as_of; last_date may be before first_date: then '
  'the shares at the end of last_date for one share of first_date.';

create function stocks_research.market_cap_panel(days date[], ciks text[] default null)
returns table (
  as_of date, cik text, security_id bigint,
  trade_date date, close numeric, currency text,
  shares numeric, market_cap numeric, reason text,
  filer_shares numeric, filer_market_cap numeric, filer_reason text,
  shares_counted_on date, shares_filed date, shares_accession text, share_basis text
)
language sql stable parallel safe
as $$
with closes as (
  -- The last close of each share of a filer within a week before a day.
  select d.day, s.cik, s.security_id, s.security_type, s.currency, p.trade_date, p.close,
    count(*) over of_filer as classes_count,
    avg(p.close) over of_filer as mean_close,
    max(p.close) over of_filer <= 1.1 * min(p.close) over of_filer as are_alike,
    min(s.security_id) over of_filer as first_security_id
  from (select distinct day from unnest($1) u (day)) d
  cross join stocks_research.securities s
  cross join lateral (
    select b.trade_date, b.close
    from stocks_research.prices_daily b
    where b.security_id = s.security_id
      and b.trade_date <= d.day
      and b.trade_date > d.day - 7
    order by b.trade_date desc
    limit 1
  ) p
  where s.cik is not null
    and ($2 is null or s.cik = any ($2))
    and (s.security_type is null or s.security_type in ('stock', 'common', 'adr', 'reit'))
  window of_filer as (partition by d.day, s.cik)
), counts as materialized (
  -- The newest count of the filer that was known on the day, and the split between its day and its filing.
  select c.*, n.counted_on, n.filed, n.accession, n.taxonomy, n.tag, n.value,
    case
      -- Most securities were never split, and for them no ratio needs to be computed.
      when exists (
        select
        from stocks_research.corporate_actions x
        where x.security_id = c.first_security_id
          and stocks_research.is_split_kind(x.kind)
      )
        then stocks_research.split_ratio_as_of(c.first_security_id, n.counted_on, n.filed, c.day)
      else 1
    end as ratio_until_filed
  from closes c
  left join lateral (
    select s.period_end as counted_on, s.filed, s.accession, s.taxonomy, s.tag, s.value
    from stocks_research.fundamentals_standard s
    where s.cik = c.cik
      and s.item = 'shares_outstanding'
      and s.known_from <= c.day
      and (s.known_to is null or s.known_to > c.day)
      and s.period_end > c.day - 550
      and s.value > 0
    order by s.period_end desc, s.filed desc
    limit 1
  ) n on true
), judged as materialized (
  select c.*, o.value as value_before,
    c.security_type = 'adr' or (c.security_type is distinct from 'common' and i.is_of_foreign_filer)
      as may_be_depositary,
    case
      when c.ratio_until_filed = 1 then 'as_counted'
      when abs(ln(c.value / o.value)) <= abs(ln(c.value / (o.value * c.ratio_until_filed)))
        then 'as_counted'
      when o.value is not null then 'as_filed'
    end as share_basis
  from counts c
  left join lateral (
    -- The newest count that was filed before the split.
    select s.value
    from stocks_research.fundamentals_standard s
    where c.ratio_until_filed <> 1
      and s.cik = c.cik
      and s.item = 'shares_outstanding'
      and s.value > 0
      and s.known_from <= c.day
      and s.filed < (
        select min(x.ex_date)
        from stocks_research.corporate_actions x
        where x.security_id = c.first_security_id
          and x.ex_date > c.counted_on
          and x.ex_date <= c.filed
          and greatest(x.ex_date, x.declared_date) <= c.day
          and stocks_research.is_split_kind(x.kind)
      )
    order by s.period_end desc, s.filed desc
    limit 1
  ) o on true
  cross join lateral (
    -- A filer outside the United States counts ordinary shares; what trades here may be depositary shares.
    select exists (
      select
      from stocks_research.fundamentals_raw f
      where f.cik = c.cik
        and f.taxonomy = c.taxonomy
        and f.tag = c.tag
        and f.unit = 'shares'
        and f.period_end = c.counted_on
        and f.period_start is null
        and f.accession = c.accession
        and f.form in ('20-F', '20-F/A', '6-K', '6-K/A')
    ) as is_of_foreign_filer
  ) i
), based as materialized (
  select j.*,
    case
      when j.value is null then 'no_count_of_shares'
      when j.may_be_depositary then 'may_be_depositary_shares'
      when j.share_basis is null then 'share_basis_not_known'
    end as count_reason,
    j.value * case
      when exists (
        select
        from stocks_research.corporate_actions x
        where x.security_id = j.first_security_id
          and stocks_research.is_split_kind(x.kind)
      )
        then stocks_research.split_ratio_as_of(j.first_security_id, d.basis_day, j.trade_date, j.day)
      else 1
    end as shares_now
  from judged j
  cross join lateral (
    select case j.share_basis when 'as_filed' then j.filed else j.counted_on end as basis_day
  ) d
), whole as (
  select b.*,
    case when b.count_reason is null then b.shares_now end as filer_shares,
    coalesce(
      b.count_reason,
      case when b.classes_count > 1 and not b.are_alike then 'counted_for_all_classes' end
    ) as filer_reason,
    coalesce(
      b.count_reason,
      case when b.classes_count > 1 then 'counted_for_all_classes' end
    ) as class_reason
  from based b
)
select w.day, w.cik, w.security_id, w.trade_date, w.close, w.currency,
  case when w.class_reason is null then w.filer_shares end,
  case when w.class_reason is null then w.filer_shares * w.close end,
  w.class_reason,
  w.filer_shares,
  case when w.filer_reason is null then round(w.filer_shares * w.mean_close, 2) end,
  w.filer_reason,
  w.counted_on, w.filed, w.accession,
  case when w.value is not null then w.share_basis end
from whole w
$$;
comment on function stocks_research.market_cap_panel(date[], text[]) is
  'Shares and capitalisation of each share of a filer on each of the days, as known on it: the last close '
  'within a week, times the newest count of shares, brought to the share basis of the close. A filer of '
  'several classes reports one count for all: shares and market_cap of a class are then null with '
  'counted_for_all_classes, and filer_market_cap is the count times the mean close where the closes differ '
  'by a tenth at most. Other reasons: no_count_of_shares (none within 550 days, or only counts in doubt, '
  'see doubtful_counts), may_be_depositary_shares (the count is of ordinary shares, and the shares behind '
  'one listed security are not known), share_basis_not_known (a split between the day of the count and its '
  'filing, and no count before). share_basis: as_counted or as_filed, the day on whose shares the count is. '
  'The filer and the type of a security are those of today. Trap: filer_market_cap repeats in each row of '
  'the filer.';

create function stocks_research.market_cap_as_of(as_of date, ciks text[] default null)
returns table (
  as_of date, cik text, security_id bigint,
  trade_date date, close numeric, currency text,
  shares numeric, market_cap numeric, reason text,
  filer_shares numeric, filer_market_cap numeric, filer_reason text,
  shares_counted_on date, shares_filed date, shares_accession text, share_basis text
)
language sql stable parallel safe
as $$
select * from stocks_research.market_cap_panel(array[$1], $2)
$$;
comment on function stocks_research.market_cap_as_of(date, text[]) is
  'market_cap_panel for one day.';

create function stocks_research.trailing_dividends_panel(days date[], security_ids bigint[] default null)
returns table (as_of date, security_id bigint, currency text, ordinary numeric, special numeric)
language sql stable parallel safe
as $$
select d.day, a.security_id, c.currency,
  coalesce(sum(c.cash_amount / n.new_shares) filter (where a.kind = 'cash_dividend'), 0),
  coalesce(sum(c.cash_amount / n.new_shares) filter (where a.kind = 'special_dividend'), 0)
from (select distinct day from unnest($1) u (day)) d
join stocks_research.corporate_actions a
  on greatest(a.ex_date, a.declared_date) <= d.day
  and a.ex_date > (d.day - interval '1 year')::date
  and a.kind in ('cash_dividend', 'special_dividend')
cross join lateral (
  -- A dividend is paid on the shares of the day before its ex-date.
  select case
    when exists (
      select
      from stocks_research.corporate_actions x
      where x.security_id = a.security_id
        and stocks_research.is_split_kind(x.kind)
    )
      then stocks_research.split_ratio_as_of(a.security_id, a.ex_date - 1, d.day, d.day)
    else 1
  end as new_shares
) n
cross join lateral (
  -- In the currency of the prices, where the rate of the ex-date was known on the day.
  select coalesce(v.cash_amount, a.cash_amount) as cash_amount,
    case when a.currency <> s.currency and v.cash_amount is not null then s.currency else a.currency end
      as currency
  from stocks_research.securities s
  cross join lateral (
    select case
      when a.currency <> s.currency
        then stocks_research.converted_cash(a.cash_amount, a.currency, s.currency, a.ex_date, d.day)
      else a.cash_amount
    end as cash_amount
  ) v
  where s.security_id = a.security_id
) c
where $2 is null or a.security_id = any ($2)
group by d.day, a.security_id, c.currency
$$;
comment on function stocks_research.trailing_dividends_panel(date[], bigint[]) is
  'Cash dividends per share with an ex-date in the year until each of the days, in shares of that day, '
  'ordinary and special ones apart, in the currency of its prices where the rate of the ex-date was known '
  '(fx_rates), else in a row of their own currency. A security without dividends in the year has no row. '
  'Return of capital and liquidations are not included.';
