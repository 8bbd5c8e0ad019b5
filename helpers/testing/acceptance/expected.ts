import type { Database } from '../../postgres/database.ts'
import { referenceRows } from '../reference.ts'

/**
 * One figure of the comparison: what was compared, and how much of it is wrong or how far off the worst is.
 */
export interface Figure {
  readonly name: string
  readonly compared: number
  readonly value: number
  readonly bound: number
}

/**
 * Puts reference rows into a temporary table of text columns, so that the comparison is arithmetic of
 * PostgreSQL.
 */
async function table(tx: Database, name: string, rows: readonly Record<string, string>[]): Promise<void> {
  const columns = Object.keys(rows[0] ?? {})
  const definitions = columns.map((column) => `"${column}" text`).join(', ')
  await tx.execute(`create temporary table ${name} (${definitions}) on commit drop`)
  const list = columns.map((column) => `nullif(r ->> '${column}', '') as "${column}"`).join(', ')
  for (let at = 0; at < rows.length; at += 5_000) {
    await tx.rows(`insert into pg_temp.${name} select ${list} from jsonb_array_elements($1::jsonb) as r`, [
      JSON.stringify(rows.slice(at, at + 5_000)),
    ])
  }
}

/**
 * SQL: a filing states another year than the one before it, and none states the nine months on or after its
 * day. The expected newest quarter subtracts whatever is newest; there it mixes two bases, and the quarter
 * keeps its first value.
 */
const IS_YEAR_ALONE_RESTATED = `exists (
  select from (
    select f.value, f.filed, lag(f.value) over (order by f.filed, f.accession) as value_before
    from stocks_research.fundamentals_raw f
    where f.cik = e.cik and f.tag = e.tag and f.unit = e.unit and f.form ~ '^10-[KQ](/A)?$'
      and f.period_start = e.fy_start::date and f.period_end = e.fy_end::date) y
  where y.value <> y.value_before and not exists (
    select from stocks_research.fundamentals_raw n
    where n.cik = e.cik and n.tag = e.tag and n.unit = e.unit and n.filed >= y.filed
      and n.period_start = e.fy_start::date and n.period_end = e.q4_start::date - 1))`

/**
 * Compares the database with the answers of the reference folder's `expected` for the delivery `flat-files`,
 * by the names of the database surface alone. Definitions, tolerances and file layouts are those of that
 * folder's README.
 */
export function compareWithExpected(
  db: Database,
  window: { start_date: string; end_date: string },
): Promise<Figure[]> {
  return db.transaction(async (tx) => {
    const figures: Figure[] = []
    const figure = async (
      name: string,
      bound: number,
      sql: string,
      values: readonly unknown[] = [],
    ): Promise<void> => {
      const { compared, value } = await tx.one<{ compared: string; value: string }>(sql, values)
      figures.push({ name, compared: Number(compared), value: Number(value), bound })
    }
    const bounds = [window.start_date, window.end_date]
    await table(tx, 'adjusted', referenceRows('expected', 'adjusted_reference.csv.gz'))
    await tx.rows(
      `create temporary table bar on commit drop as
       select e.*, v.trade_date, v.open, v.high, v.low, v.close, v.volume,
              v.adj_open, v.adj_high, v.adj_low, v.adj_close, v.adj_volume, v.total_return_close
         from (select * from pg_temp.adjusted where date::date between $1 and $2) e
         full join (
           select s.source_id as v_source_id, v.*
             from stocks_research.prices_daily_adjusted_v v
             join stocks_research.securities s using (security_id)) v
           on v.v_source_id = e.source_id and v.trade_date = e.date::date`,
      bounds,
    )
    const off = (ours: string, theirs: string): string =>
      `max(abs(${ours} / ${theirs}::numeric - 1)) filter (where complete_chain = '1')`
    await figure(
      'bars.missing',
      0,
      'select count(*) as compared, count(*) filter (where trade_date is null) as value from pg_temp.bar',
    )
    await figure(
      'bars.extra',
      0,
      'select count(*) as compared, count(*) filter (where date is null) as value from pg_temp.bar',
    )
    await figure(
      'raw_close.different',
      0,
      `select count(*) as compared, count(*) filter (where close <> raw_close::numeric) as value
         from pg_temp.bar`,
    )
    await figure(
      'adj_close.exact',
      2e-7,
      `select count(adj_close) as compared, ${off('adj_close', 'adj_close_exact')} as value from pg_temp.bar`,
    )
    await figure(
      'total_return.exact',
      2e-7,
      `select count(total_return_close) as compared,
              ${off('total_return_close', 'total_return_exact')} as value
         from pg_temp.bar`,
    )
    await figure(
      'adjusted.null_where_complete',
      0,
      `select count(*) as compared,
              count(*) filter (
                where complete_chain = '1' and (adj_close is null or total_return_close is null)) as value
         from pg_temp.bar`,
    )
    await figure(
      'adjusted.given_where_incomplete',
      0,
      `select count(*) as compared,
              count(*) filter (where complete_chain = '0' and adj_close is not null) as value
         from pg_temp.bar`,
    )
    await figure(
      'adj_close.lean',
      0,
      `select count(*) as compared,
              count(*) filter (
                where complete_chain = '1'
                  and abs(adj_close / adj_close_lean::numeric - 1) > tolerance_lean::numeric) as value
         from pg_temp.bar`,
    )
    await figure(
      'adj_ohlc.ratio',
      5e-7,
      `select count(*) as compared,
              max(greatest(
                abs(adj_open / open / (adj_close / close) - 1),
                abs(adj_high / high / (adj_close / close) - 1),
                abs(adj_low / low / (adj_close / close) - 1))) as value
         from pg_temp.bar`,
    )
    await figure(
      'adj_volume',
      0,
      `select count(*) as compared,
              count(*) filter (
                where complete_chain = '1'
                  and abs(adj_volume - volume * share_multiple::numeric)
                      > greatest(0.5, 1e-6 * adj_volume)) as value
         from pg_temp.bar`,
    )
    await table(tx, 'held', referenceRows('expected', 'ticker_as_of.csv'))
    await figure(
      'ticker_as_of',
      0,
      `select count(*) as compared, count(*) filter (where e.source_id is distinct from (
         select s.source_id
           from stocks_research.ticker_history t
           join stocks_research.securities s using (security_id)
          where t.ticker = e.ticker
            and e.date::date between t.valid_from and coalesce(t.valid_to, 'infinity'))) as value
         from pg_temp.held e`,
    )
    await table(tx, 'calendar', referenceRows('expected', 'calendar_xnys.csv'))
    await figure(
      'calendar',
      0,
      `select count(*) as compared,
              count(*) filter (
                where e.date is null or s.session_date is null
                   or s.is_early_close <> (e.early_close = '1')) as value
         from pg_temp.calendar e
         full join (
           select * from stocks_research.trading_sessions
            where session_date between (select min(date)::date from pg_temp.calendar)
                                   and (select max(date)::date from pg_temp.calendar)) s
           on s.session_date = e.date::date`,
    )
    await compareFacts(tx, figure)
    return figures
  })
}

async function compareFacts(
  tx: Database,
  figure: (name: string, bound: number, sql: string) => Promise<void>,
): Promise<void> {
  await table(tx, 'counts', referenceRows('expected', 'fundamentals_counts.csv'))
  await figure(
    'facts.count',
    0,
    `select count(*) as compared, count(*) filter (where e.facts::bigint is distinct from (
       select count(*) from stocks_research.fundamentals_raw f
        where f.cik = e.cik and f.taxonomy = e.taxonomy)) as value
       from pg_temp.counts e`,
  )
  const known = (day: string): string => `(select f.value from stocks_research.fundamentals_raw f
      where f.cik = e.cik and f.tag = e.tag and f.unit = e.unit
        and f.period_start is not distinct from e.start::date and f.period_end = e."end"::date
        and f.form in ('10-K', '10-K/A', '10-Q', '10-Q/A') and f.filed <= ${day}
      order by f.filed desc, f.accession desc limit 1)`
  await table(tx, 'restated', referenceRows('expected', 'restatement_cases.csv'))
  for (const [name, day, answer] of [
    ['facts.restated_first', 'e.first_filed::date', 'first_value'],
    ['facts.restated_last', 'e.last_filed::date', 'last_value'],
    ['facts.restated_newest', "date 'infinity'", 'newest_value'],
  ] as const) {
    await figure(
      name,
      0,
      `select count(*) as compared,
              count(*) filter (where e.${answer}::numeric is distinct from ${known(day)}) as value
         from pg_temp.restated e`,
    )
  }
  const quarter = (day: string): string => `(select d.value from stocks_research.fundamentals_derived d
      where d.cik = e.cik and d.tag = e.tag and d.unit = e.unit
        and d.period_start = e.q4_start::date and d.period_end = e.fy_end::date
        and d.known_from <= ${day} order by d.known_from desc limit 1)`
  await table(tx, 'q4', referenceRows('expected', 'fundamentals_q4.csv'))
  await figure(
    'facts.q4_derived',
    0,
    `select count(*) as compared,
            count(*) filter (
              where not coalesce(
                found = derived or (class <> 'derived_only' and found = reported)
                  or (is_year_alone_restated and found = first), false)) as value
       from (select e.class, ${quarter("date 'infinity'")} as found,
                    e.derived_q4_latest::numeric as derived, e.reported_q4_latest::numeric as reported,
                    e.derived_q4_first::numeric as first, ${IS_YEAR_ALONE_RESTATED} as is_year_alone_restated
               from pg_temp.q4 e
              where e.class <> 'not_additive') q`,
  )
  await figure(
    'facts.q4_point_in_time',
    0,
    `select count(*) as compared,
            count(*) filter (
              where ${quarter('e.fy_first_filed::date')}
                is distinct from e.derived_q4_first::numeric) as value
       from pg_temp.q4 e where e.class = 'derived_only'`,
  )
  await figure(
    'facts.q4_eps',
    0,
    `select count(*) as compared,
            count(*) filter (
              where found is not null and not coalesce(found = first or found = latest, false)) as value
       from (select ${quarter("date 'infinity'")} as found,
                    e.reported_q4_first::numeric as first, e.reported_q4_latest::numeric as latest
               from pg_temp.q4 e
              where e.class = 'not_additive') q`,
  )
}
