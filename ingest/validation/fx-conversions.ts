import { join } from 'node:path'
import { daysBefore } from '../../helpers/core/days.ts'
import type { Database } from '../../helpers/postgres/database.ts'
import { queryFile } from '../../helpers/postgres/query-file.ts'
import { divide, multiply, ONE, type Rational, rational } from './rational.ts'

/**
 * Exchange rates read again, as exact fractions. Shares nothing with the SQL of
 * `stocks_research.fx_conversion`.
 */
export interface Rate {
  readonly rate_date: string
  readonly from_currency: string
  readonly to_currency: string
  readonly source: string
  readonly rate: string
  readonly known_from: string
}

/** Days before the ex-date on which a rate still counts. */
const DAYS_MAX = 7

interface Found {
  readonly factor: Rational
  /** What decides between several: day (later first), way, source, text (each earlier first). */
  readonly rank: readonly [string, string, string]
}

/** Units of `to` for one unit of `from` on a day, by what was known on `as_of`; undefined without a rate. */
export type Conversion = (from: string, to: string, day: string, as_of: string) => Rational | undefined

export function conversionOf(rates: readonly Rate[]): Conversion {
  const byDay = Map.groupBy(rates, ({ rate_date }) => rate_date)
  return (from, to, day, as_of) => {
    for (let back = 0; back <= DAYS_MAX; back += 1) {
      const known = (byDay.get(daysBefore(day, back)) ?? []).filter(({ known_from }) => known_from <= as_of)
      const found = known.flatMap((rate) => waysOf(rate, known, from, to))
      const [best] = found.toSorted((a, b) => (isBefore(a, b) ? -1 : 1))
      if (best !== undefined) return best.factor
    }
    return undefined
  }
}

const isBefore = (a: Found, b: Found): boolean => {
  for (const [at, own] of a.rank.entries()) {
    const other = b.rank[at] ?? ''
    if (own !== other) return own < other
  }
  return true
}

/** The conversions that begin with one rate: by itself, turned round, or followed by a second one. */
function waysOf(rate: Rate, known: readonly Rate[], from: string, to: string): Found[] {
  const found: Found[] = []
  for (const leg of legsOf(rate)) {
    if (leg.from !== from) continue
    if (leg.to === to) {
      found.push({ factor: leg.factor, rank: [leg.is_reverse ? '2' : '1', rate.source, textOf(rate)] })
      continue
    }
    for (const second of known.filter(({ source }) => source === rate.source))
      for (const next of legsOf(second))
        if (next.from === leg.to && next.to === to)
          found.push({
            factor: multiply(leg.factor, next.factor),
            rank: ['3', rate.source, `${textOf(rate)}, ${textOf(second)}`],
          })
  }
  return found
}

function legsOf({ from_currency, to_currency, rate }: Rate) {
  const factor = rational(rate)
  return [
    { from: from_currency, to: to_currency, factor, is_reverse: false },
    { from: to_currency, to: from_currency, factor: divide(ONE, factor), is_reverse: true },
  ]
}

const textOf = ({ from_currency, to_currency, rate }: Rate): string =>
  `1 ${from_currency} = ${rate} ${to_currency}`

/** The conversion by the rates near events that are paid in another currency than the prices. */
export async function storedConversion(db: Database): Promise<Conversion> {
  return conversionOf(await db.rows<Rate & Record<string, unknown>>(queryFile(SQL, 'fx-rates-of-events')))
}

const SQL = join(import.meta.dirname, 'sql')
