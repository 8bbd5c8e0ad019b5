import { sessions } from '../../calendar/xnys.ts'
import type { Window } from '../../contract/job.ts'
import { dayAfter, type World } from '../validation/random-world.ts'

/** Holds every day of a random world. */
export const WHOLE: Window = { start_date: '2018-01-01', end_date: '2021-12-31' }

const SESSIONS = new Set(sessions(WHOLE.start_date, WHOLE.end_date).map(({ session_date }) => session_date))

/** Text of a file by its path. */
export type Drop = Record<string, string>
/** Whether the delivery has a row. */
type Deal = (row: string, at: number) => boolean
const all: Deal = () => true

/**
 * A delivery of the rows that `deal` takes, in the order that `order` makes. Securities and tickers are
 * always whole.
 */
export function dropOf(given: World, { order = (rows: string[]) => rows, deal = all } = {}): Drop {
  const csv = (header: string, rows: readonly string[]): string => [header, ...rows, ''].join('\n')
  const some = (rows: readonly string[]): string[] => order([...new Set(rows)]).filter(deal)
  const text = (value: unknown): string => (value === null ? '' : String(value))
  return {
    'universe.csv': csv(
      'source_id,ticker',
      given.securities.map(({ security_id: id }) => `s${id},T${id}`),
    ),
    'securities/s.csv': csv(
      'source_id,ticker,currency,cik,list_date,delist_date',
      order(
        given.securities.map(
          (s) =>
            `s${s.security_id},T${s.security_id},USD,${s.security_id},${s.list_date},${text(s.delist_date)}`,
        ),
      ),
    ),
    'ticker_history/t.csv': csv(
      'source_id,ticker,valid_from,valid_to',
      order(given.tickers.map((t) => `s${t.security_id},${t.ticker},${t.valid_from},${text(t.valid_to)}`)),
    ),
    'prices_daily/p.csv': csv(
      'source_id,date,close,volume',
      some(
        given.bars
          .filter(({ at }) => SESSIONS.has(dayAfter(at)))
          .map((b) => `s${b.security_id},${dayAfter(b.at)},${b.close},100`),
      ),
    ),
    'dividends/d.csv': csv(
      'source_id,ex_date,amount,currency,kind',
      some(
        given.actions.flatMap((a) =>
          a.cash_amount === null ? [] : [`s${a.security_id},${a.ex_date},${a.cash_amount},USD,${a.kind}`],
        ),
      ),
    ),
    'splits/x.csv': csv(
      'source_id,ex_date,split_from,split_to',
      some(
        given.actions.flatMap((a) =>
          a.split_from === null ? [] : [`s${a.security_id},${a.ex_date},${a.split_from},${a.split_to}`],
        ),
      ),
    ),
    'fundamentals/f.csv': csv(
      'cik,taxonomy,tag,unit,start,end,value,accession,form,filed',
      some(
        given.facts.map((f) =>
          [
            f.cik,
            'us-gaap',
            f.tag,
            f.unit,
            text(f.period_start),
            f.period_end,
            f.value,
            f.accession,
            f.form,
            f.filed,
          ].join(),
        ),
      ),
    ),
  }
}

/** Days around a split within which its closes are compared with it (split-evidence.ts), and more. */
const COMPARED_DAYS = 15

/** True where closes lie on both sides of a split, so that a delivery can contradict it. */
function isCompared(given: World, { security_id, ex_date, split_from }: World['actions'][number]): boolean {
  if (split_from === null) return false
  const distances = given.bars
    .filter((bar) => bar.security_id === security_id)
    .map(({ at }) => (Date.parse(dayAfter(at)) - Date.parse(ex_date)) / 86_400_000)
  const isNear = (days: number): boolean => Math.abs(days) <= COMPARED_DAYS
  return (
    distances.some((days) => days < 0 && isNear(days)) && distances.some((days) => days >= 0 && isNear(days))
  )
}

/**
 * Two splits of one security and day with different ratios are a conflict in one file, and a correction in
 * two; closes that do not move at a split fail their security, and half of a delivery may not show it: not
 * what is asked here.
 */
export const withoutConflicts = (given: World): World => ({
  ...given,
  actions: [
    ...new Map(
      given.actions
        .filter((a) => !isCompared(given, a))
        .map((a) => [`${a.security_id} ${a.ex_date} ${a.split_from === null}`, a]),
    ).values(),
  ],
  bars: [...new Map(given.bars.map((b) => [`${b.security_id} ${b.at}`, b])).values()],
  facts: [
    ...new Map(
      given.facts.map((f) => [`${f.cik} ${f.tag} ${f.period_start} ${f.period_end} ${f.accession}`, f]),
    ).values(),
  ],
})
