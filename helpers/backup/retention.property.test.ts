import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DAY_MS } from '../core/days.ts'
import { selectExpired } from './retention.ts'

const NOW = new Date('2026-06-30T00:00:00Z')
const backups = fc
  .array(
    fc.record({
      age_days: fc.integer({ min: 0, max: 400 }),
      database: fc.constantFrom('a', 'b'),
      is_proven: fc.boolean(),
    }),
    {
      maxLength: 30,
    },
  )
  .map((each) =>
    each.map(({ age_days, database, is_proven }, index) => ({
      file: `f${index}`,
      database,
      is_proven,
      snapshot_at: new Date(NOW.getTime() - age_days * DAY_MS - index).toISOString(),
    })),
  )
const rule = fc.record({
  keep_count: fc.integer({ min: 1, max: 5 }),
  keep_days: fc.integer({ min: 0, max: 100 }),
})
const check = (
  holds: (all: Backups, expired: Set<string>, rule: { keep_count: number; keep_days: number }) => void,
): void =>
  fc.assert(
    fc.property(backups, rule, (all, given) => holds(all, new Set(selectExpired(all, given, NOW)), given)),
    { numRuns: 500 },
  )
type Backups = ReturnType<typeof backups.generate>['value']

test('nothing goes unless a newer backup of the same database is proven, and stays', () => {
  check((all, expired) => {
    for (const gone of all.filter(({ file }) => expired.has(file))) {
      const behind = all.filter(
        (each) =>
          each.is_proven &&
          !expired.has(each.file) &&
          each.database === gone.database &&
          each.snapshot_at > gone.snapshot_at,
      )
      expect(behind.length).toBeGreaterThan(0)
    }
  })
})

test('the newest proven ones stay, as many as the rule says, and so does everything young', () => {
  check((all, expired, { keep_count, keep_days }) => {
    for (const database of ['a', 'b']) {
      const proven = all
        .filter((each) => each.is_proven && each.database === database)
        .toSorted((x, y) => (x.snapshot_at < y.snapshot_at ? 1 : -1))
      for (const { file } of proven.slice(0, keep_count)) expect(expired.has(file)).toBe(false)
    }
    for (const { file, snapshot_at } of all)
      if (NOW.getTime() - Date.parse(snapshot_at) <= keep_days * DAY_MS) expect(expired.has(file)).toBe(false)
  })
})

test('a backup that no rule keeps is removed', () => {
  check((all, expired, { keep_count, keep_days }) => {
    for (const { file, database, snapshot_at } of all) {
      const newer = all.filter(
        (each) => each.is_proven && each.database === database && each.snapshot_at > snapshot_at,
      ).length
      if (newer >= keep_count && NOW.getTime() - Date.parse(snapshot_at) > keep_days * DAY_MS)
        expect(expired.has(file)).toBe(true)
    }
  })
})

test('a rule that would keep none is refused', () => {
  expect(() => selectExpired([], { keep_count: 0, keep_days: 1 }, NOW)).toThrow(RangeError)
  expect(() => selectExpired([], { keep_count: 1, keep_days: Number.NaN }, NOW)).toThrow(RangeError)
})
