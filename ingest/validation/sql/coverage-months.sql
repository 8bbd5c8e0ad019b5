-- Coverage of each security month by month, as one character a month; all securities in the first row.
-- The grouping sets also give the row of all: its security is '', which is no id, and it comes first.
:pairs, months as (
  select to_char(m, 'YYYY-MM') as month
  from generate_series(date_trunc('month', $1::date), $2::date, '1 month') m
), counted as (
  select
    coalesce(source_id, '') as source_id,
    to_char(month, 'YYYY-MM') as month,
    max(ticker) as ticker,
    count(*) as expected,
    count(close) as present
  from (
    select source_id, ticker, close, date_trunc('month', session_date) as month
    from pairs) p
  group by grouping sets ((source_id, month), (month))
), named as (
  select
    source_id,
    max(ticker) as ticker,
    sum(expected)::integer as expected,
    sum(expected - present)::integer as missing
  from counted
  group by 1
)
select
  case when n.source_id = '' then 'all' else n.source_id end as source_id,
  case when n.source_id = '' then 'all securities' else n.ticker end as ticker,
  n.expected,
  n.missing,
  string_agg(
    case
      when c.expected is null then '-'
      when c.present = c.expected then '#'
      when c.present = 0 then '0'
      else greatest(1, c.present * 10 / c.expected)::text
    end, '' order by m.month) as months
from named n
cross join months m
left join counted c on c.month = m.month and c.source_id = n.source_id
group by n.source_id, n.ticker, n.expected, n.missing
order by n.source_id = '' desc, n.missing desc, n.source_id
