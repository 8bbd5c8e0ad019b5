-- A hash of trading_sessions: of each session the day, is_early_close, and both instants in seconds.
select md5(
  string_agg(
    concat_ws(
      ' ', c.session_date, c.is_early_close, date_part('epoch', c.open_at), date_part('epoch', c.close_at)),
    '|' order by c.session_date)
) as hash
from stocks_research.trading_sessions c
