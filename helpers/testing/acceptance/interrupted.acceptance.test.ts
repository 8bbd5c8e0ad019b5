/** The checklist of few securities, interrupted by each signal in another phase, and run again. */
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { verifyJournal } from '../../checklist/journal.ts'
import { viewOf } from '../../checklist/view.ts'
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
  ['SIGKILL', '09-definition-of-done', 'RUNNING'],
] as const)('%s in %s leaves no PASSED, and gate and tag refuse', async ([signal, phase, verdict]) => {
  const victim = product.checklist()
  await product.waitForPhase(phase)
  if (signal === 'SIGKILL') await untilDrills()
  victim.kill(signal)
  const { exit_code, output } = await victim.ended
  expect(exit_code).not.toBe(0)
  expect(output).not.toMatch(/^PASSED/m)

  const view = viewOf(verifyJournal(product.path('journal.jsonl')).entries)
  expect(view.verdict).toBe(verdict)
  const later = view.phases.filter((each) => each.phase >= phase)
  expect(later.filter(({ state }) => state === 'ticked')).toEqual([])
  expect(product.junit().attributes['failures'], 'JUnit is not green').not.toBe('0')
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

test('the next run passes, and no scratch database or folder stays', async () => {
  expect((await scratchDatabases()).length, 'the killed run left some').toBeGreaterThan(0)
  expect(scratchFolders().length, 'the killed run left some').toBeGreaterThan(0)
  const { exit_code, output } = await product.checklist().ended
  expect(exit_code, output.slice(-4_000)).toBe(0)
  expect(await scratchDatabases()).toEqual([])
  expect(scratchFolders()).toEqual([])
  const left = readdirSync(join(product.state, 'backups')).filter((name) => /partial|remote-copy/.test(name))
  expect(left).toEqual([])
})
