-- 005 · Daily prices.
--
-- One row for each security and session, unadjusted, as traded. Adjusted values are computed from these,
-- never stored over them.

create table stocks_research.prices_daily (
  security_id       bigint      not null references stocks_research.securities on delete restrict,
  trade_date        date        not null,
  open              numeric     check (open > 0),
  high              numeric     check (high > 0),
  low               numeric     check (low > 0),
  close             numeric     not null check (close > 0),
  volume            numeric     check (volume >= 0),
  primary key (security_id, trade_date),
  constraint prices_daily_low_is_lowest check (low <= least(open, close, high)),
  constraint prices_daily_high_is_highest check (high >= greatest(open, close, low))
);
-- "All securities on one day" is the second question that research asks; the primary key answers the first.
create index prices_daily_by_date on stocks_research.prices_daily (trade_date);
comment on table stocks_research.prices_daily is 'Unadjusted daily bars, as traded. One row for each security and session. Adjusted values: prices_daily_adjusted_v.';
comment on column stocks_research.prices_daily.security_id is 'The security that traded. Stable across ticker changes.';
comment on column stocks_research.prices_daily.trade_date is 'Exchange session, New York calendar day.';
comment on column stocks_research.prices_daily.open is 'First trade of the session, trading currency per share, unadjusted; null when the source has none.';
comment on column stocks_research.prices_daily.high is 'Highest trade of the session, trading currency per share, unadjusted; null when the source has none.';
comment on column stocks_research.prices_daily.low is 'Lowest trade of the session, trading currency per share, unadjusted; null when the source has none.';
comment on column stocks_research.prices_daily.close is 'Last trade of the session, trading currency per share, unadjusted.';
comment on column stocks_research.prices_daily.volume is 'Shares traded in the session, unadjusted; fractional since some sources report fractional lots; null when the source has none.';

select ingestion.watch_table('stocks_research.prices_daily');
