-- claim: every bar has exactly one row of factors
-- severity: hard
-- job: adjustment-factors
-- why: Without one the bar is not adjusted; two would double the bar in the view.
select
  s.source_id as subject,
  min(p.trade_date) as first_date,
  max(p.trade_date) as last_date,
  count(*) as bars_count
from stocks_research.prices_daily p
join stocks_research.securities s using (security_id)
left join stocks_research.adjustment_factors f on f.security_id = p.security_id
  and p.trade_date between f.first_date and f.last_date
where f.security_id is null
group by s.source_id
union all
select s.source_id, a.first_date, b.first_date, 2
from stocks_research.adjustment_factors a
join stocks_research.adjustment_factors b on b.security_id = a.security_id
  and b.first_date > a.first_date
  and b.first_date <= a.last_date
join stocks_research.securities s on s.security_id = a.security_id
