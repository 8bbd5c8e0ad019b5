-- The exchange rates of the ten days up to an event that may be in another currency than the prices.
select r.rate_date, r.from_currency, r.to_currency, r.source, r.rate, r.known_from
from stocks_research.fx_rates r
where exists (
  select
  from stocks_research.corporate_actions a
  join stocks_research.securities s using (security_id)
  where a.ex_date between r.rate_date and r.rate_date + 10
    and (a.currency <> s.currency or a.kind = 'spin_off'))
