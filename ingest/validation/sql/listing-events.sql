-- The events that can end a listing or pay its holders, as their source stated them. The acquirer is looked
-- up by its source_id, else by its ticker on the day; its closes of the 15 days before are an array.
select
  a.security_id::text,
  a.kind,
  a.ex_date,
  a.cash_amount,
  a.currency,
  a.delisting_code,
  a.shares_per_share,
  a.has_other_proceeds,
  a.acquirer_source_id is not null or a.acquirer_ticker is not null as has_acquirer,
  q.security_id::text as acquirer_security_id,
  q.currency as acquirer_currency,
  array(
    select p.close
    from stocks_research.prices_daily p
    where p.security_id = q.security_id and p.trade_date between a.ex_date - 15 and a.ex_date
    order by p.trade_date) as acquirer_closes
from stocks_research.corporate_actions a
left join lateral (
  select s.security_id, s.currency
  from stocks_research.securities s
  where s.source_id = a.acquirer_source_id
  union
  select s.security_id, s.currency
  from stocks_research.ticker_history t
  join stocks_research.securities s on s.security_id = t.security_id
  where a.acquirer_source_id is null
    and t.ticker = a.acquirer_ticker
    and daterange(t.valid_from, t.valid_to, '[]') @> a.ex_date
) q on true
where a.kind <> 'name_change'
