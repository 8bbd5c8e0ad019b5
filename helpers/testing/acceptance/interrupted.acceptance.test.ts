/** The checklist of few securities: interrupted by signals and run again, run in parts, and with a bad row. */
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { verifyJournal } from '../../checklist/journal.ts'
import { viewOf } from '../../checklist/view.ts'
import { fingerprintOf } from '../../database/fingerprint.ts'
import { Product } from './product.ts'
import { smallUniverse } from './universe.ts'

const universe = smallUniverse(12)
const product = new Product({ BOOTSTRAP_UNIVERSE: universe.file })
const temporary = join(product.state, 'temporary')
beforeAll(() => {
  mkdirSync(temporary)
  product.set('TMPDIR', temporary)
})
afterAll(async () => {
  await product.remove()
  universe.remove()
})

const content = async () => fingerprintOf(await product.connection(), { scope: 'content', views: 'none' })
/** What the run before had loaded when it was killed in phase 9; the one before that was killed in phase 6. */
let loaded: Awaited<ReturnType<typeof content>>
let passed: typeof loaded
const hashesOf = ({ tables }: typeof loaded) =>
  Object.entries(tables).map(([name, { rows, sha256 }]) => ({ name, rows, sha256 }))

const scratchDatabases = (): Promise<string[]> =>
  product.ask(async (db) => {
    const found = await db.rows<{ name: string }>(
      `select datname as name from pg_database
        where not datistemplate and datname not in ('postgres', 'stocks_research')`,
    )
    return found.map(({ name }) => name)
  })
const scratchFolders = (): string[] =>
  readdirSync(temporary).filter((name) => name.startsWith('stocks-research-'))

/** Waits until the drills of phase 9 have made what a killed process cannot remove. */
async function untilDrills(): Promise<void> {
  while ((await scratchDatabases()).length === 0 || scratchFolders().length === 0) await sleep(50)
}

test.for([
  ['SIGINT', '02-schema-build', 'INTERRUPTED'],
  ['SIGTERM', '06-production-ingestion', 'INTERRUPTED'],
  ['SIGKILL', '06-production-ingestion', 'RUNNING'],
  ['SIGKILL', '09-definition-of-done', 'RUNNING'],
] as const)('%s in %s leaves no PASSED, and gate and tag refuse', async ([signal, phase, verdict]) => {
  const victim = product.checklist()
  await product.waitForPhase(phase)
  if (phase === '09-definition-of-done') await untilDrills()
  victim.kill(signal)
  const { exit_code, output } = await victim.ended
  expect(exit_code).not.toBe(0)
  expect(output).not.toMatch(/^PASSED/m)

  const { entries, fault } = verifyJournal(product.path('journal.jsonl'))
  const is_intact = fault === undefined || fault.line === entries.length + 1
  expect(is_intact, 'at most the line that was being written is torn').toBe(true)
  const view = viewOf(entries)
  expect(view.verdict).toBe(verdict)
  const later = view.phases.filter((each) => each.phase >= phase)
  expect(later.filter(({ state }) => state === 'ticked')).toEqual([])
  expect(product.junit().attributes['failures'], 'JUnit is not green').not.toBe('0')
  const passed_later = product.boxes().filter((box) => box.phase > phase && box.state === 'passed')
  expect(passed_later).toEqual([])
  for (const page of ['audit.html', 'checklist.md'] as const)
    expect(product.read(page), page).not.toContain('PASSED')

  for (const command of [product.gate(), product.gate('tag', 'v9.9.9')]) {
    const refused = await command.ended
    expect(refused.exit_code).toBe(1)
    expect(refused.output).toMatch(
      new RegExp(`^gate CLOSED · run ${view.run_id}, rehearsal, ${verdict}$`, 'm'),
    )
    expect(refused.output).toContain(`the run is ${verdict}, not PASSED`)
  }
})

test('the next run passes with equal content, and no scratch database or folder stays', async () => {
  expect((await scratchDatabases()).length, 'the killed run left some').toBeGreaterThan(0)
  expect(scratchFolders().length, 'the killed run left some').toBeGreaterThan(0)
  loaded = await content()
  const { exit_code, output } = await product.checklist().ended
  expect(exit_code, output.slice(-4_000)).toBe(0)
  expect(await scratchDatabases()).toEqual([])
  expect(scratchFolders()).toEqual([])
  const left = readdirSync(join(product.state, 'backups')).filter((name) => /partial|remote-copy/.test(name))
  expect(left).toEqual([])
  passed = await content()
  expect(hashesOf(passed)).toEqual(hashesOf(loaded))
})

test('phases 0 and 1 alone do not drop what was loaded', async () => {
  const { exit_code, output } = await product.checklist('phases/00', 'phases/01').ended
  expect(exit_code).toBe(1)
  expect(output).toMatch(/This run leaves out 02-schema-build and 7 more: it would drop stocks_research/)
  expect((await content()).content_sha256).toBe(passed.content_sha256)
})

test('a bad row planted before phase 5 blocks phases 6 to 9, and nothing unrun looks passed', async () => {
  product.set('BOOTSTRAP_CONFIRM_DROP', 'stocks_research@localhost')
  expect(
    (await product.checklist('phases/00', 'phases/01', 'phases/02', 'phases/03', 'phases/04').ended)
      .exit_code,
    'a part is never a whole',
  ).toBe(1)
  await product.ask((db) =>
    db.execute(
      `insert into stocks_research.prices_daily (security_id, trade_date, close)
       select security_id, date '2021-01-02', 1 from stocks_research.securities order by 1 limit 1`,
    ),
  )
  const { exit_code, output } = await product.checklist(
    'phases/05',
    'phases/06',
    'phases/07',
    'phases/08',
    'phases/09',
  ).ended
  expect(exit_code).toBe(1)
  const boxes = product.boxes()
  const later = boxes.filter(({ phase }) => /0[6-9]-/.test(phase))
  expect(later.length).toBeGreaterThan(30)
  expect(later.filter(({ state }) => state !== 'skipped')).toEqual([])
  expect(new Set(later.map(({ message }) => /blocked|not run/.test(message)))).toEqual(new Set([true]))
  expect(
    boxes.filter(({ phase, state }) => phase.includes('05-') && state === 'failed').length,
  ).toBeGreaterThan(0)
  expect(output).toContain('05-validation-pass')
})
