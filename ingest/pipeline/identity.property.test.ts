import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runs } from '../../helpers/testing/runs.ts'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { ingestDelivery, writeDelivery } from '../testing/flat-files/delivery.ts'

/**
 * Random histories of tickers in a month, told day by day: renames, swaps, hand-overs within a day, reuse,
 * returns to the first owner, gaps, intervals of one day, delistings whose interval the source leaves open.
 * The days are the oracle; the product gets intervals.
 */
const DAYS = 31
const dayOf = (at: number): string => new Date(Date.UTC(2021, 2, 1 + at)).toISOString().slice(0, 10)
const isWeekday = (at: number): boolean => ![0, 6].includes(new Date(Date.UTC(2021, 2, 1 + at)).getUTCDay())
const SECURITIES = ['a', 'b', 'c', 'd']
const TICKERS = ['X', 'Y', 'Z', 'X.A']
const ALL = Array.from({ length: DAYS }, (_, at) => at)

/** On a day a security takes a ticker, from whoever holds it, or gives up its own. */
const event = fc.record({
  at: fc.nat(DAYS - 1),
  who: fc.nat(SECURITIES.length - 1),
  ticker: fc.option(fc.constantFrom(...TICKERS), { freq: 4 }),
  swaps: fc.boolean(),
})
const history = fc.record({
  events: fc.array(event, { minLength: 3, maxLength: 25, size: 'max' }),
  /**
   * Whether a security that holds nothing on the last day was delisted, and whether its interval is then left
   * open.
   */
  ends: fc.array(fc.constantFrom('closed', 'delisted', 'open'), {
    minLength: SECURITIES.length,
    maxLength: SECURITIES.length,
  }),
})
type History = typeof history extends fc.Arbitrary<infer T> ? T : never

/** Ticker of each security on each day: `held[security][day]`. */
function heldOf({ events }: History): (string | null)[][] {
  const held = SECURITIES.map(() => Array<string | null>(DAYS).fill(null))
  const now = SECURITIES.map((): string | null => null)
  for (const at of ALL) {
    for (const { who, ticker, swaps } of events.filter((each) => each.at === at)) {
      const other = ticker === null ? -1 : now.indexOf(ticker)
      if (other >= 0 && other !== who) now[other] = swaps ? (now[who] ?? null) : null
      now[who] = ticker
    }
    for (const [who, ticker] of now.entries()) (held[who] ?? [])[at] = ticker
  }
  return held
}

interface Interval {
  readonly ticker: string
  readonly from: number
  /** Last day; undefined while it is held on the last day known. */
  readonly to: number | undefined
}

/** The intervals of one security as a source knows them at the end of the day `known`. */
function intervalsOf(held: readonly (string | null)[], known = DAYS - 1): Interval[] {
  const found: Interval[] = []
  for (const at of ALL.slice(0, known + 1)) {
    const ticker = held[at] ?? null
    if (ticker === null || (at > 0 && held[at - 1] === ticker)) continue
    const end = ALL.find((each) => each > at && held[each] !== ticker)
    found.push({ ticker, from: at, to: end === undefined || end > known ? undefined : end - 1 })
  }
  return found
}

function dropOf(
  given: History,
  { known = DAYS - 1, bars = [] as string[], isTurned = false } = {},
): Record<string, string> {
  const held = heldOf(given)
  const turn = <T>(list: T[]): T[] => (isTurned ? list.toReversed() : list)
  const securities: string[] = []
  const tickers: string[] = []
  for (const [who, source_id] of SECURITIES.entries()) {
    const intervals = intervalsOf(held[who] ?? [], known)
    const last = intervals.at(-1)
    const isGone = last?.to !== undefined && given.ends[who] !== 'closed'
    securities.push(
      `${source_id},${last?.ticker ?? 'NONE'},USD,2020-01-02,${isGone ? dayOf(last?.to ?? 0) : ''}`,
    )
    for (const { ticker, from, to } of intervals) {
      const isLeftOpen = isGone && given.ends[who] === 'open' && from === last?.from
      tickers.push(`${source_id},${ticker},${dayOf(from)},${to === undefined || isLeftOpen ? '' : dayOf(to)}`)
    }
  }
  const csv = (header: string, rows: readonly string[]): string => [header, ...turn([...rows]), ''].join('\n')
  return {
    'universe.csv': csv(
      'source_id,ticker',
      SECURITIES.map((id) => `${id},T${id}`),
    ),
    'securities/s.csv': csv('source_id,ticker,currency,list_date,delist_date', securities),
    'ticker_history/t.csv': csv('source_id,ticker,valid_from,valid_to', tickers),
    'prices_daily/p.csv': csv('source_id,ticker,date,close,volume', bars),
  }
}

let scratch: Scratch
beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
})
afterAll(() => scratch?.drop())

const clear = (): Promise<void> => scratch.db.execute('truncate stocks_research.securities cascade')
const load = async (drop: Record<string, string>) =>
  ingestDelivery(scratch.connection, await writeDelivery(drop), {
    jobs: ['securities', 'ticker-history', 'prices-daily'],
    thresholds: { reject_max_ratio: 1, failed_max_ratio: 1, not_found_max_ratio: {} },
  })

/** Who holds what on every day, as the database answers. */
async function answers(): Promise<{ held: string[]; holders: string[]; listed: string[] }> {
  const days = [ALL.map(dayOf)]
  const texts = async (sql: string, values: readonly unknown[]): Promise<string[]> =>
    (await scratch.db.rows<{ row: string }>(sql, values)).map(({ row }) => row).toSorted()
  return {
    held: await texts(
      `select concat_ws(' ', d.day, s.source_id, stocks_research.ticker_as_of(s.security_id, d.day)) as row
       from unnest($1::date[]) d (day)
       cross join stocks_research.securities s
       where stocks_research.ticker_as_of(s.security_id, d.day) is not null`,
      days,
    ),
    holders: await texts(
      `select concat_ws(' ', d.day, s.source_id, t.ticker) as row
       from unnest($1::date[]) d (day)
       cross join unnest($2::text[]) t (ticker)
       join stocks_research.securities s
         on s.security_id = stocks_research.security_as_of(t.ticker, d.day, true)`,
      [...days, TICKERS],
    ),
    listed: await texts(
      `select concat_ws(' ', d.day, s.source_id, s.ticker) as row
       from unnest($1::date[]) d (day)
       cross join stocks_research.securities_as_of(d.day, true) s`,
      days,
    ),
  }
}
const told = (given: History): string[] =>
  heldOf(given)
    .flatMap((held, who) =>
      held.flatMap((ticker, at) => (ticker === null ? [] : [`${dayOf(at)} ${SECURITIES[who]} ${ticker}`])),
    )
    .toSorted()

/**
 * Why a bar is nobody's: by ticker it is another company's; a permanent id says whose it is, outside its
 * listing.
 */
const NOBODYS = [
  /another company's$/,
  /^no ticker interval of "\w" covers \S+$/,
  /^the bar is after the end of the listing of "\w", \S+$/,
]

it('every ticker names its holder on every day, in whatever order the history was delivered', async () => {
  await fc.assert(
    fc.asyncProperty(history, fc.nat(DAYS - 1), fc.boolean(), async (given, known, isTurned) => {
      const held = heldOf(given)
      const expected = told(given)
      const weekdays = ALL.filter(isWeekday)
      const byId = SECURITIES.flatMap((id, who) =>
        weekdays.map((at) => ({ row: `${id},,${dayOf(at)},5,1`, who, at })),
      )
      const byTicker = TICKERS.flatMap((ticker) =>
        weekdays.map((at) => ({
          row: `,${ticker},${dayOf(at)},5,1`,
          who: held.findIndex((each) => each[at] === ticker),
          at,
        })),
      )
      const bars = [...byId, ...byTicker]

      await clear()
      await load(dropOf(given, { known, isTurned }))
      const report = await load(dropOf(given, { bars: bars.map(({ row }) => row), isTurned: !isTurned }))
      expect(await answers()).toEqual({ held: expected, holders: expected, listed: expected })

      const stored = await scratch.db.rows<{ bar: string }>(
        `select concat_ws(' ', p.trade_date, s.source_id) as bar
         from stocks_research.prices_daily p
         join stocks_research.securities s using (security_id)`,
      )
      const wanted = new Set(
        bars
          .filter(({ who, at }) => held[who]?.[at] != null)
          .map(({ who, at }) => `${dayOf(at)} ${SECURITIES[who]}`),
      )
      expect(stored.map(({ bar }) => bar).toSorted()).toEqual([...wanted].toSorted())
      const rejects = await scratch.db.rows<{ kind: string; reason: string }>(
        'select kind, reason from ingestion.rejects where run_id = $1',
        [report.run_id],
      )
      expect(
        rejects.filter(
          ({ kind, reason }) => kind !== 'foreign' || !NOBODYS.some((what) => what.test(reason)),
        ),
      ).toEqual([])
      const known_tickers = new Set(held.flat())
      const foreign = bars.filter(
        ({ row, who, at }) =>
          held[who]?.[at] == null && (!row.startsWith(',') || known_tickers.has(row.split(',')[1] ?? '')),
      )
      expect(rejects).toHaveLength(foreign.length)
    }),
    { numRuns: runs(15), endOnFailure: true },
  )
})

it('two securities with one ticker on one day both fail, each naming the other, in any order', async () => {
  const universe = ['a,TA', 'b,TB']
  const claim = fc
    .tuple(fc.nat(20), fc.nat(10), fc.boolean())
    .map(([from, days, isOpen]) => ({ from, to: isOpen ? undefined : from + days }))
  await fc.assert(
    fc.asyncProperty(claim, claim, fc.boolean(), async (one, other, isTurned) => {
      const row = (id: string, { from, to }: typeof one): string =>
        `${id},X,${dayOf(from)},${to === undefined ? '' : dayOf(to)}`
      const csv = (header: string, rows: string[]): string =>
        [header, ...(isTurned ? rows.toReversed() : rows), ''].join('\n')
      await clear()
      const report = await load({
        'universe.csv': csv('source_id,ticker', universe),
        'securities/s.csv': csv('source_id,ticker,currency', ['a,X,USD', 'b,X,USD']),
        'ticker_history/t.csv': csv('source_id,ticker,valid_from,valid_to', [row('a', one), row('b', other)]),
      })
      const overlaps = one.from <= (other.to ?? DAYS) && other.from <= (one.to ?? DAYS)
      const gaps = report
        .job('ticker-history')
        .gaps.map(({ item, status, error_class, reason }) => ({ item, status, error_class, reason }))
      const named = (id: string): unknown => ({
        item: id,
        status: 'failed',
        error_class: 'conflict',
        reason: expect.stringMatching(id === 'a' ? /"b"/ : /"a"/),
      })
      expect(gaps.toSorted((x, y) => (x.item < y.item ? -1 : 1))).toEqual(
        overlaps ? [named('a'), named('b')] : [],
      )
      const { count } = await scratch.db.one<{ count: string }>(
        'select count(*)::text as count from stocks_research.ticker_history',
      )
      expect(count).toBe(overlaps ? '0' : '2')
    }),
    { numRuns: runs(15), endOnFailure: true },
  )
})
