/**
 * What a user of the default sees: the rehearsal held to the truth, the runner afterwards; a kill and a
 * planted fault in a smaller one.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { verifyJournal } from '../../checklist/journal.ts'
import { ROOT_DIRECTORY } from '../../config/config.ts'
import type { Connection } from '../../config/connection.ts'
import { fingerprintOf } from '../../database/fingerprint.ts'
import { WIRE } from '../../simulator/market/dialect.ts'
import { createWorld, REHEARSAL_WORLD } from '../../simulator/market/world.ts'
import { lossesOf, withLosses } from '../../simulator/rehearsal.ts'
import { differencesFromTruth } from '../market/differences.ts'
import type { Element } from '../xml.ts'
import { CANARIES, leaks } from './canaries.ts'
import { Product } from './product.ts'

const product = new Product(CANARIES)
afterAll(() => product.remove())

const content = (connection: Connection) => fingerprintOf(connection, { scope: 'content', views: 'none' })

type State = 'passed' | 'failed' | 'skipped'

function stateOf(outcome: Element | undefined): State {
  if (outcome === undefined) return 'passed'
  return outcome.name === 'skipped' ? 'skipped' : 'failed'
}

/** Every testcase of the report: its phase, its claim, and its state. */
function boxesOf(junit: Element): { phase: string; claim: string; state: State; message: string }[] {
  return junit.children.flatMap((suite) =>
    suite.children
      .filter(({ name }) => name === 'testcase')
      .map((testcase) => {
        const outcome = testcase.children.find(({ name }) => ['failure', 'error', 'skipped'].includes(name))
        return {
          phase: suite.attributes['name'] ?? '',
          claim: testcase.attributes['name'] ?? '',
          state: stateOf(outcome),
          message: outcome?.attributes['message'] ?? '',
        } as const
      }),
  )
}

describe('the rehearsal', () => {
  let first: Awaited<ReturnType<typeof content>>
  let printed = ''

  beforeAll(async () => {
    const { exit_code, output } = await product.checklist().ended
    printed = output
    expect(exit_code, output.slice(-4_000)).toBe(0)
    first = await content(await product.connection())
  })

  test('ticks every box, and prints REHEARSAL in every output', () => {
    const boxes = boxesOf(product.junit())
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

/**
 * A few securities show every fault of a run as well as all do: a written universe of its own, with
 * both losses in it.
 */
describe('a rehearsal of 120 securities', () => {
  const universe = join(mkdtempSync(join(tmpdir(), 'universe-')), 'few.csv')
  const few = new Product({ BOOTSTRAP_UNIVERSE: universe })
  let first: Awaited<ReturnType<typeof content>>

  beforeAll(async () => {
    const losses = lossesOf(createWorld())
    const [head = '', ...members] = readFileSync(
      join(ROOT_DIRECTORY, 'ingest', 'universe', 'rehearsal.csv'),
      'utf8',
    )
      .trim()
      .split('\n')
    const lost = members.filter((line) =>
      [losses.broken, losses.hidden].some(({ source_id }) => line.startsWith(`${source_id},`)),
    )
    writeFileSync(universe, `${[head, ...members.slice(0, 118), ...lost].join('\n')}\n`)
    const { exit_code, output } = await few.checklist().ended
    expect(exit_code, output.slice(-4_000)).toBe(0)
    first = await content(await few.connection())
  })
  afterAll(async () => {
    await few.remove()
    rmSync(dirname(universe), { recursive: true })
  })

  test('SIGKILL leaves an intact journal and a true report; the next run has equal content', async () => {
    const victim = few.checklist()
    await few.waitForPhase('06-production-ingestion')
    victim.kill('SIGKILL')
    await victim.ended
    const { entries, fault } = verifyJournal(few.path('journal.jsonl'))
    expect(
      fault === undefined || fault.line === entries.length + 1,
      'at most the line that was being written is torn',
    ).toBe(true)
    const states = new Map(boxesOf(few.junit()).map(({ phase, state }) => [phase, state]))
    expect([...states].filter(([phase, state]) => /0[7-9]-/.test(phase) && state === 'passed')).toEqual([])

    const { exit_code, output } = await few.checklist().ended
    expect(exit_code, output.slice(-4_000)).toBe(0)
    const hashes = ({ tables }: typeof first) =>
      Object.entries(tables).map(([name, { rows, sha256 }]) => ({ name, rows, sha256 }))
    expect(hashes(await content(await few.connection()))).toEqual(hashes(first))
  })

  test('phases 0 and 1 alone do not drop what was loaded', async () => {
    const { exit_code, output } = await few.checklist('phases/00', 'phases/01').ended
    expect(exit_code).toBe(1)
    expect(output).toMatch(/This run leaves out 02-schema-build and 7 more: it would drop stocks_research/)
    expect((await content(await few.connection())).content_sha256).toBe(first.content_sha256)
  })

  test('a bad row planted before phase 5 blocks phases 6 to 9, and nothing unrun looks passed', async () => {
    few.set('BOOTSTRAP_CONFIRM_DROP', 'stocks_research@localhost')
    expect(
      (await few.checklist('phases/00', 'phases/01', 'phases/02', 'phases/03', 'phases/04').ended).exit_code,
      'a part is never a whole',
    ).toBe(1)
    await few.ask((db) =>
      db.execute(
        `insert into stocks_research.prices_daily (security_id, trade_date, close)
         select security_id, date '2021-01-02', 1 from stocks_research.securities order by 1 limit 1`,
      ),
    )
    const { exit_code, output } = await few.checklist(
      'phases/05',
      'phases/06',
      'phases/07',
      'phases/08',
      'phases/09',
    ).ended
    expect(exit_code).toBe(1)
    const boxes = boxesOf(few.junit())
    const later = boxes.filter(({ phase }) => /0[6-9]-/.test(phase))
    expect(later.length).toBeGreaterThan(30)
    expect(later.filter(({ state }) => state !== 'skipped')).toEqual([])
    expect(new Set(later.map(({ message }) => /blocked|not run/.test(message)))).toEqual(new Set([true]))
    expect(
      boxes.filter(({ phase, state }) => phase.includes('05-') && state === 'failed').length,
    ).toBeGreaterThan(0)
    expect(output).toContain('05-validation-pass')
  })
})
