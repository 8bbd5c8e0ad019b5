-- What each security has between the days $1 and $2, as one hash: equal exactly when the bars are.
select s.source_id, md5(string_agg(p::text, ',' order by p.trade_date)) as hash
from stocks_research.prices_daily p
join stocks_research.securities s using (security_id)
where p.trade_date between $1 and $2
group by s.source_id
