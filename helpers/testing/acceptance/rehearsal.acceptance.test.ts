/** What a user of the default sees: the rehearsal held to the truth, and the runner afterwards. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Connection } from '../../config/connection.ts'
import { fingerprintOf } from '../../database/fingerprint.ts'
import { WIRE } from '../../simulator/market/dialect.ts'
import { createWorld, REHEARSAL_WORLD } from '../../simulator/market/world.ts'
import { lossesOf, withLosses } from '../../simulator/rehearsal.ts'
import { differencesFromTruth } from '../market/differences.ts'
import { CANARIES, leaks } from './canaries.ts'
import { Product } from './product.ts'

/** Where .ci/run made the rehearsal with the canaries; what it printed is in `printed.txt`. */
const made = process.env['REHEARSAL_STATE']
const product = new Product(CANARIES, made)
afterAll(() => product.remove())

const content = (connection: Connection) => fingerprintOf(connection, { scope: 'content', views: 'none' })

describe('the rehearsal', () => {
  let first: Awaited<ReturnType<typeof content>>
  let printed = ''

  beforeAll(async () => {
    if (made === undefined) {
      const { exit_code, output } = await product.checklist().ended
      printed = output
      expect(exit_code, output.slice(-4_000)).toBe(0)
    } else printed = readFileSync(join(made, 'printed.txt'), 'utf8')
    expect(printed).toMatch(/^PASSED · REHEARSAL/m)
    first = await content(await product.connection())
  })

  test('ticks every box, and prints REHEARSAL in every output', () => {
    const boxes = product.boxes()
    expect(boxes.filter(({ state }) => state !== 'passed')).toEqual([])
    expect(boxes.length).toBeGreaterThan(100)
    for (const page of ['junit.xml', 'checklist.md', 'audit.html', 'journal.jsonl'] as const) {
      expect(product.read(page).toLowerCase(), page).toContain('rehearsal')
    }
  })

  test('every row equals the simulated market despite its faults; only its two losses are gaps', async () => {
    const world = createWorld()
    const losses = lossesOf(world)
    const dialect = withLosses(WIRE, losses)
    const { differences, compared } = await product.ask((db) => differencesFromTruth(db, world, { dialect }))
    expect(differences).toEqual([])
    expect(compared.securities).toBe(REHEARSAL_WORLD.securities)
    expect(compared.bars).toBe(
      dialect.reported(world).securities.reduce((sum, { bars }) => sum + bars.length, 0),
    )
    // Each fact is looked up on several days, not once.
    expect(compared.look_ups).toBeGreaterThan(4 * compared.facts)
    expect(compared.facts).toBeGreaterThan(200_000)
    const { broken, hidden } = losses
    const ended = await product.ask((db) =>
      db.rows<{ subject: string; status: string }>(
        `select distinct job || ' ' || item as subject, status
           from ingestion.items where status not in ('ok', 'empty') order by 1`,
      ),
    )
    const subjectsOf = (...statuses: string[]) =>
      ended.flatMap(({ subject, status }) => (statuses.includes(status) ? [subject] : []))
    expect(subjectsOf('failed', 'deferred', 'pending', 'running')).toEqual([
      `corporate-actions ${broken.source_id}`,
      `fundamentals-raw ${broken.cik}`,
    ])
    expect(subjectsOf('not_found').filter((subject) => !subject.startsWith('fundamentals-raw'))).toEqual([
      `prices-daily ${hidden.source_id}`,
    ])
    // A pipe gets no evidence; the page names what was lost.
    expect(product.read('checklist.md')).toContain(broken.cik)
  })

  test('no planted key, and none that was sent, is in anything that it left behind', async () => {
    const seen = leaks(product.state, printed)
    expect(seen.leaks).toEqual([])
    expect(seen.files).toBeGreaterThan(300)
    const hits = await product.ask((db) =>
      db.rows(
        `select table_name from ingestion.table_changes
          where row(application, database_user)::text ~ 'canary'
         union all
         select url from ingestion.requests
          where row(url, reason, account)::text ~ '(?i)canary|secret-of-nobody'`,
      ),
    )
    expect(hits).toEqual([])
  })

  test('run again by the runner, all jobs insert and update nothing', async () => {
    const { exit_code, output } = await product.runner('run', 'all').ended
    expect(exit_code, output).toBe(3) // Complete with gaps: the simulated market loses two things on purpose.
    const counts = [...output.matchAll(/([\d,]+) inserted, ([\d,]+) updated/g)].map(
      ([, inserted, updated]) => `${inserted} ${updated}`,
    )
    expect(counts).toHaveLength(7)
    expect(new Set(counts)).toEqual(new Set(['0 0']))
    expect((await content(await product.connection())).content_sha256).toBe(first.content_sha256)
  })
})
