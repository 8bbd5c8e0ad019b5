import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dayBefore } from '../../../helpers/core/days.ts'
import { type Departure, type Rename, walkBack } from './intervals.ts'

const SINCE = '2020-01-01'
const day = (n: number): string =>
  new Date(Date.parse(`${SINCE}T00:00:00Z`) + n * 86_400_000).toISOString().slice(0, 10)

interface Span {
  readonly ticker: string
  readonly from: number
  readonly to: number | null
}

/**
 * A market of a few tickers: securities rename to whatever is free, and leave. Truth and events come from one
 * history; securities that are there at the beginning have their ticker since before it.
 */
function market(moves: readonly { who: number; ticker: number; leaves: boolean }[]) {
  const tickers = ['A', 'B', 'C', 'D', 'E', 'F']
  const spans: Span[][] = [0, 1, 2].map((i) => [{ ticker: tickers[i] ?? '', from: 0, to: null }])
  const renames: Rename[] = []
  const departures: Departure[] = []
  for (const [i, { who, ticker, leaves }] of moves.entries()) {
    const on = (i + 1) * 3
    const own = spans[who % 3]
    const last = own?.at(-1)
    if (own === undefined || last === undefined || last.to !== null) continue
    const to = tickers[ticker] ?? ''
    const is_free = spans.every((each) => each.at(-1)?.to !== null || each.at(-1)?.ticker !== to)
    if (leaves) departures.push({ ticker: last.ticker, date: day(on), reason: 'merger' })
    else if (is_free) renames.push({ from: last.ticker, to, date: day(on) })
    else continue
    own[own.length - 1] = { ...last, to: on - 1 }
    if (!leaves) own.push({ ticker: to, from: on, to: null })
  }
  return { spans, renames, departures }
}

test('walking back from the last ticker gives each history: renames, returns, reuse and ends', () => {
  const move = fc.record({ who: fc.nat(2), ticker: fc.nat(5), leaves: fc.boolean().map((leaves) => leaves) })
  fc.assert(
    fc.property(fc.array(move, { maxLength: 14 }), (moves) => {
      const { spans, renames, departures } = market(moves)
      for (const own of spans) {
        const last = own.at(-1)
        if (last === undefined) continue
        const until = last.to === null ? null : day(last.to)
        // Its own end is not somebody else's giving up.
        const others = departures.filter(
          ({ ticker, date }) => !(ticker === last.ticker && last.to !== null && date === day(last.to + 1)),
        )
        const found = walkBack(last.ticker, until, SINCE, renames, others).map(
          ({ ticker, valid_from, valid_to }) => ({
            ticker,
            valid_from,
            valid_to,
          }),
        )
        expect(found).toEqual(
          own.map(({ ticker, from, to }) => ({
            ticker,
            valid_from: day(from),
            valid_to: to === null ? null : day(to),
          })),
        )
      }
    }),
    { numRuns: 500 },
  )
})

test('a ticker that somebody else gave up in between is not claimed for the time before', () => {
  const departures = [{ ticker: 'T', date: '2021-05-03', reason: 'merger' }]
  expect(walkBack('T', null, SINCE, [], departures)).toMatchObject([
    { valid_from: '2021-05-03', valid_to: null },
  ])
  expect(walkBack('T', null, SINCE, [], [])).toMatchObject([
    { valid_from: SINCE, reason: 'since when is not known' },
  ])
  expect(dayBefore('2024-03-01')).toBe('2024-02-29')
})
