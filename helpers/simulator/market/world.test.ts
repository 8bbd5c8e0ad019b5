import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expectedAdjusted } from '../../testing/market/expected-prices.ts'
import { type DroppedFile, universeCsv, writeFlatFiles } from './flat-files.ts'
import { isEqual, ONE, toDecimal } from './rational.ts'
import { SCENARIOS, type Security } from './types.ts'
import { createWorld, REHEARSAL_WORLD } from './world.ts'

const root = join(import.meta.dirname, '../../..')
const world = createWorld()
const securityOf = (scenario: string): Security => {
  const found = [...world.securities, ...world.outsiders].find((security) => security.scenario === scenario)
  if (found === undefined) throw new Error(`The world has no ${scenario}.`)
  return found
}

describe('the world', () => {
  test('holds every scenario, and of each that is no outsider four', () => {
    const held = Map.groupBy(world.securities, (security) => security.scenario)
    const few = SCENARIOS.filter(
      (scenario) => scenario !== 'outsider' && (held.get(scenario)?.length ?? 0) < 4,
    )
    expect(few).toEqual([])
    expect(world.outsiders.length).toBeGreaterThan(0)
  })

  test('has as many securities as asked for, and no cap below a thousand', () => {
    expect(world.securities).toHaveLength(REHEARSAL_WORLD.securities)
    expect(createWorld({ securities: 60 }).securities).toHaveLength(60)
    expect(() => createWorld({ securities: 20 })).toThrow('ask for 60 to 1,000')
  })

  test('says REHEARSAL in every name and identifier', () => {
    for (const security of world.securities) {
      expect(security.name).toMatch(/^Rehearsal /)
      expect(security.source_id).toMatch(/^rehearsal:s\d{4}$/)
      if (security.cik !== null) expect(security.cik).toMatch(/^99\d{8}$/)
    }
  })

  test('gives the ticker of a dead company to another one', () => {
    const first = securityOf('ticker_first_owner')
    const second = securityOf('ticker_second_owner')
    expect(second.tickers[0]?.ticker).toBe(first.tickers[0]?.ticker)
    expect(second.bars[0]?.date.localeCompare(first.delist_date ?? '')).toBe(1)
  })

  test('brings a ticker back to its first owner', () => {
    const tickers = securityOf('ticker_returns').tickers.map((interval) => interval.ticker)
    expect(tickers).toHaveLength(3)
    expect(tickers[2]).toBe(tickers[0])
  })

  test('gives a ticker to another company within a day', () => {
    const giving = securityOf('ticker_handed_over')
    const taking = securityOf('ticker_taken_over')
    expect(taking.tickers[1]?.ticker).toBe(giving.tickers[0]?.ticker)
    expect(taking.tickers[1]?.valid_from).toBe(giving.tickers[1]?.valid_from)
  })

  test('pays on closed days, three times on one day, and on the day of a split', () => {
    const closed = securityOf('dividend_on_holiday').actions.filter(
      (action) => !world.calendar.isSession(action.ex_date),
    )
    expect(closed.map((action) => action.ex_date)).toEqual(['2021-07-05', '2022-06-20', '2024-01-13'])
    expect(
      new Set(securityOf('equal_dividends_one_day').actions.map((action) => JSON.stringify(action))).size,
    ).toBe(1)
    const [first, second] = securityOf('split_with_dividend').actions
    expect([first?.kind, second?.kind, first?.ex_date === second?.ex_date]).toEqual([
      'split',
      'cash_dividend',
      true,
    ])
  })

  test('values a spin-off at the first close of the child', () => {
    const spin = securityOf('spin_off_parent').actions.find((action) => action.kind === 'spin_off')
    const child = securityOf('spin_off_child')
    if (spin?.kind !== 'spin_off') throw new Error('The parent has no spin-off.')
    expect(spin.child_source_id).toBe(child.source_id)
    expect(Number(spin.amount) * 400).toBe(child.bars[0]?.close_cents)
  })

  test('gives two share classes one filer', () => {
    expect(securityOf('class_b').cik).toBe(securityOf('class_a').cik)
    expect(world.filers.filter((filer) => filer.cik === securityOf('class_a').cik)).toHaveLength(1)
  })

  test('leaves sessions without a bar in an illiquid name alone', () => {
    const first = world.start_date
    const last = world.end_date
    const sessions = world.calendar.sessions.filter((date) => date >= first && date <= last).length
    expect(sessions).toBe(1260)
    for (const security of world.securities) {
      if (security.scenario === 'illiquid') expect(security.bars.length).toBeLessThan(sessions * 0.85)
      else if (security.list_date === null && security.delist_date === null)
        expect(security.bars).toHaveLength(sessions)
    }
  })

  test.each(['halted', 'liquidation'] as const)(
    'expects no change of the prices of a security (%s) for what its holders received after the last bar',
    (kind) => {
      const factors = expectedAdjusted(world, securityOf(kind)).map((row) => row.price_factor)
      expect(factors.length).toBeGreaterThan(0)
      expect(factors.every((factor) => factor !== null && isEqual(factor, ONE))).toBe(true)
    },
  )

  test('expects the hand-computed factors of a day with a split and a dividend', () => {
    const security = securityOf('split_with_dividend')
    const [split, , last] = security.actions
    const index = security.bars.findIndex((bar) => bar.date === split?.ex_date)
    const later = security.bars.findIndex((bar) => bar.date === last?.ex_date)
    const close = (at: number): number => (security.bars[at]?.close_cents ?? 0) / 100
    const before = expectedAdjusted(world, security)[index - 1]
    const a = (1 - 1.35 / close(index - 1)) * (1 / 3) * (1 - 0.4725 / close(later - 1))
    const b = (close(index) / (close(index) + 1.35 / 3)) * (1 / 3) * (close(later) / (close(later) + 0.4725))
    expect(Number(toDecimal(before?.adj_close ?? { numerator: 0n, denominator: 1n }, 12))).toBeCloseTo(
      close(index - 1) * a,
      9,
    )
    expect(
      Number(toDecimal(before?.total_return_close ?? { numerator: 0n, denominator: 1n }, 12)),
    ).toBeCloseTo(close(index - 1) * b, 9)
  })
})

describe('the drop', () => {
  // Twice packed and read again; of five hundred nothing else would be seen.
  const small = { securities: 120 }
  const dropped = createWorld(small)
  let directory: string
  let files: readonly DroppedFile[]
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'market-drop-'))
    files = await writeFlatFiles(dropped, directory)
  })
  afterAll(() => rm(directory, { recursive: true, force: true }))
  const read = async (dataset: string): Promise<Record<string, string>[]> => {
    const rows = files
      .filter((file) => file.dataset === dataset)
      .map(async ({ path }) => {
        const bytes = await readFile(join(directory, path))
        return parse(path.endsWith('.gz') ? gunzipSync(bytes) : bytes, { columns: true }) as Record<
          string,
          string
        >[]
      })
    return (await Promise.all(rows)).flat()
  }

  test('is the same bytes every time', async () => {
    const again = await mkdtemp(join(tmpdir(), 'market-drop-'))
    try {
      expect(await writeFlatFiles(createWorld(small), again)).toEqual(files)
    } finally {
      await rm(again, { recursive: true, force: true })
    }
  })

  test('lists the hash and the rows of every file in its manifest', async () => {
    const manifest = JSON.parse(await readFile(join(directory, 'manifest.json'), 'utf8')) as {
      label: string
      files: DroppedFile[]
    }
    expect(manifest.label).toMatch(/^REHEARSAL/)
    for (const file of manifest.files) {
      const bytes = await readFile(join(directory, file.path))
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(file.sha256)
    }
  })

  test('holds every bar and every fact once', async () => {
    const bars = await read('prices_daily')
    expect(bars).toHaveLength(dropped.securities.reduce((sum, security) => sum + security.bars.length, 0))
    expect(new Set(bars.map((bar) => `${bar['source_id']} ${bar['date']}`)).size).toBe(bars.length)
    const facts = await read('fundamentals')
    const keys = facts.map((fact) =>
      ['cik', 'taxonomy', 'tag', 'unit', 'start', 'end', 'accession'].map((column) => fact[column]).join(),
    )
    expect(facts.length).toBeGreaterThan(50_000)
    expect(new Set(keys).size).toBe(facts.length)
  })

  test('has the securities of its world, under the names of the universe', async () => {
    expect((await read('securities')).map((row) => `${row['source_id']},${row['ticker']}`)).toEqual(
      namesOf(universeCsv(dropped)),
    )
  })
})

test('the universe that is checked in is that of the rehearsal', async () => {
  const checkedIn = await readFile(join(root, 'ingest/universe/rehearsal.csv'), 'utf8')
  expect(checkedIn).toBe(universeCsv(world))
  expect(namesOf(checkedIn)).toHaveLength(450)
})

const namesOf = (universe: string): string[] =>
  universe
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(',').slice(0, 2).join())
