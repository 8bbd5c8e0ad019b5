import { mkdtemp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, inject, it } from 'vitest'
import { lineOf, type Measured, ratiosOf, spreadOf } from './figures.ts'
import { writeInputs } from './inputs.ts'

const SIZE = { securities: 3, sessions: 80, filers: 2, facts: 700 }
const folder = (): Promise<string> => mkdtemp(join(inject('testDirectory'), 'bench-'))

const MEASURED: Measured = {
  stage: 'a stage',
  baseline: 'a baseline',
  bound: 2,
  securities: 1,
  filers: 1,
  rows: 1_000,
  ours_ms: [300, 100, 200],
  baseline_ms: [100, 100, 100],
}

it('a ratio is that of two neighbouring times, and a line shows median, spread and a missed bound', () => {
  expect(ratiosOf(MEASURED)).toEqual([3, 1, 2])
  expect(spreadOf([3, 1, 2, 10])).toEqual({ median: 2.5, min: 1, max: 10 })
  expect(lineOf(MEASURED)).toMatch(/2\.00 x a baseline \(1\.00 to 3\.00\) bound 2$/)
  expect(lineOf({ ...MEASURED, bound: 1.9 })).toMatch(/bound 1\.9 MISSED$/)
})

it('the inputs are equal for equal seeds, and differ in the volumes of the changed bars alone', async () => {
  const texts = async (seed: number, changed = 0): Promise<string[]> => {
    const root = await folder()
    await writeInputs(root, SIZE, seed, changed)
    return (await readFile(join(root, 'prices_daily/prices.csv'), 'utf8')).trimEnd().split('\n')
  }
  const lines = await texts(1)
  expect(lines).toHaveLength(1 + SIZE.securities * SIZE.sessions)
  expect(await texts(1)).toEqual(lines)
  expect(await texts(2)).not.toEqual(lines)
  const changed = await texts(1, 0.1)
  const others = lines.flatMap((line, at) => (line === changed[at] ? [] : [at]))
  expect(others.length).toBeGreaterThan(5)
  expect(others.length).toBeLessThan(50)
  const withoutVolume = (of: readonly string[]): string[] => of.map((line) => line.replace(/,\d+$/, ''))
  expect(withoutVolume(changed)).toEqual(withoutVolume(lines))
})
