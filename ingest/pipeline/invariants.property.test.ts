import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fingerprintOf } from '../../helpers/database/fingerprint.ts'
import { runs } from '../../helpers/testing/runs.ts'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { JOB_NAMES, type Window } from '../contract/job.ts'
import type { Page, Provider } from '../contract/provider.ts'
import { flatFiles } from '../providers/flat-files/index.ts'
import { ingestDelivery, writeDelivery } from '../testing/flat-files/delivery.ts'
import { type Drop, dropOf, WHOLE, withoutConflicts } from '../testing/flat-files/world-delivery.ts'
import { dayAfter, world } from '../testing/validation/random-world.ts'

/**
 * All seven jobs over random worlds: the content hash, derived tables included, must not depend on the way in
 * which the data came.
 */
let scratch: Scratch
beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
})
afterAll(() => scratch?.drop())

/** Hands on the pages backwards, three records each. */
const scattered = (provider: Provider): Provider => ({
  ...provider,
  async *read(...args) {
    const pages: Page[] = []
    for await (const page of provider.read(...args)) {
      if ('status' in page) yield page
      else
        for (let at = 0; at < page.records.length; at += 3)
          pages.push({ ...page, records: page.records.slice(at, at + 3) })
    }
    yield* pages.toReversed()
  },
})

interface Load {
  readonly drop: Drop
  readonly window?: Window
  readonly is_scattered?: boolean
}

async function contentAfter(...loads: Load[]): Promise<string> {
  await scratch.db.execute(
    `truncate stocks_research.securities, stocks_research.fundamentals_raw,
       stocks_research.fundamentals_derived,
         stocks_research.fundamentals_standard cascade`,
  )
  return load(...loads)
}
async function load(...loads: Load[]): Promise<string> {
  for (const { drop, window = WHOLE, is_scattered = false } of loads) {
    const root = await writeDelivery(drop)
    const provider = flatFiles(root)
    await ingestDelivery(scratch.connection, root, {
      jobs: JOB_NAMES,
      window,
      providers: [is_scattered ? scattered(provider) : provider],
    })
  }
  return (await fingerprintOf(scratch.connection, { scope: 'content', views: 'none' })).content_sha256
}

/** Few worlds are loaded, so each has some of everything. */
const plain = world.map(withoutConflicts).filter(({ tickers, actions, bars, facts }) => {
  const kinds = new Set(actions.map(({ kind }) => kind))
  const isRenamed = tickers.length > 3
  const hasSplit = actions.some(({ split_from }) => split_from !== null)
  const hasRestatement = facts.some(({ form }) => form.endsWith('/A'))
  return isRenamed && hasSplit && hasRestatement && kinds.has('cash_dividend') && bars.length >= 10
})
const RUNS = { numRuns: runs(6), endOnFailure: true }
const TIMEOUT_MS = 240_000

it('the content hash is the same for any order of events, rows and pages, and after a second ingestion', {
  timeout: TIMEOUT_MS,
}, async () => {
  await fc.assert(
    fc.asyncProperty(plain, async (given) => {
      const content = await contentAfter({ drop: dropOf(given) })
      expect(await load({ drop: dropOf(given) }), 'again').toBe(content)
      const turned = dropOf(given, { order: (rows) => rows.toReversed() })
      expect(await contentAfter({ drop: turned }), 'turned round').toBe(content)
      expect(await contentAfter({ drop: dropOf(given), is_scattered: true }), 'pages').toBe(content)
    }),
    RUNS,
  )
})

it('the content hash is the same for a split window, and for two deliveries that overlap', {
  timeout: TIMEOUT_MS,
}, async () => {
  await fc.assert(
    fc.asyncProperty(
      plain,
      fc.integer({ min: 1, max: 1_400 }),
      fc.infiniteStream(fc.nat(2)),
      async (given, cut, sides) => {
        const content = await contentAfter({ drop: dropOf(given) })
        const first = { start_date: WHOLE.start_date, end_date: dayAfter(cut - 1) }
        const second = { start_date: dayAfter(cut), end_date: WHOLE.end_date }
        const drop = dropOf(given)
        expect(await contentAfter({ drop, window: first }, { drop, window: second }), 'split window').toBe(
          content,
        )
        const side = new Map<string, number>()
        const sideOf = (row: string): number => {
          if (!side.has(row)) side.set(row, sides.next().value)
          return side.get(row) ?? 0
        }
        const one = dropOf(given, { deal: (row) => sideOf(row) !== 1 })
        const other = dropOf(given, { deal: (row) => sideOf(row) !== 2 })
        expect(await contentAfter({ drop: one }, { drop: other }), 'two drops').toBe(content)
      },
    ),
    RUNS,
  )
})
