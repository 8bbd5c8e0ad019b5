/**
 * Phase 5 · Validation pass
 *
 * Goal:  what the dry runs loaded is right, by every check that there is. A failure here blocks progression.
 * Again: safe. Findings are stored once, whoever finds them again.
 */
import { expect } from 'vitest'
import { CHECKS } from '../ingest/validation/checks.ts'
import { type ValidationReport, validate } from '../ingest/validation/validate.ts'
import { checksEvidence, needs, test, violationsOf } from './fixtures.ts'

needs('04-dry-runs')

let report: ValidationReport

test('the validation runners ran every check that is declared', async ({ db, progress, record }) => {
  report = await validate(db, { onCheck: ({ claim }) => progress(claim) })
  await record({ checks_declared: CHECKS.length, checks_ran: report.checks.length })
  expect(report.checks.map(({ name }) => name)).toEqual(CHECKS.map(({ name }) => name))
  expect(report.checks.length).toBeGreaterThan(0)
})

test('every hard check has zero violations', async ({ record }) => {
  await record(
    {
      hard_violations: report.hard_count,
      findings: report.soft_count,
      accepted: report.accepted_count,
      checks: checksEvidence(report),
      examples: violationsOf(report.checks.filter(({ severity }) => severity === 'hard')),
    },
    'validation',
  )
  expect(violationsOf(report.checks.filter(({ severity }) => severity === 'hard'))).toEqual([])
  expect(report.hard_count).toBe(0)
})

const CLAIMS: readonly (readonly [claim: string, checks: readonly string[]])[] = [
  ['there are no orphaned rows', ['no-orphans']],
  ['every foreign key is intact', ['foreign-keys-present', 'constraints-validated']],
  ['adjustment is continuous', ['adjustment-continuous', 'total-return-continuous', 'last-factor-one']],
]

for (const [claim, names] of CLAIMS) {
  test(claim, async ({ record }) => {
    const checks = report.checks.filter(({ name }) => names.includes(name))
    await record({
      ...Object.fromEntries(checks.map(({ name, violations_count }) => [name, violations_count])),
      examples: violationsOf(checks),
    })
    expect(checks.map(({ name }) => name).toSorted()).toEqual([...names].toSorted())
    expect(violationsOf(checks)).toEqual([])
    expect(checks.reduce((sum, { violations_count }) => sum + violations_count, 0)).toBe(0)
  })
}

test('derived tables populate', async ({ db, record }) => {
  const rows = await db.one<{ bars: number; factors: number; facts: number; quarters: number }>(
    `select (select count(*) from stocks_research.prices_daily)::int as bars, (select count(*) from stocks_research.adjustment_factors)::int as factors,
            (select count(*) from stocks_research.fundamentals_raw)::int as facts, (select count(*) from stocks_research.fundamentals_derived)::int as quarters`,
  )
  await record(rows)
  expect(rows.factors > 0, 'bars have factors').toBe(rows.bars > 0)
  expect(rows.quarters > 0, 'facts have quarters').toBe(rows.facts > 0)
})

test('derived tables equal a recomputation', async ({ record }) => {
  const checks = report.checks.filter(({ name }) => name.endsWith('-equal-recomputation'))
  await record(Object.fromEntries(checks.map(({ claim, violations_count }) => [claim, violations_count])))
  expect(checks.length).toBeGreaterThanOrEqual(2)
  expect(violationsOf(checks)).toEqual([])
})

test('a planted bad row is found, so the checks can fail', async ({ db, record }) => {
  const undone = new Error('The planted row is taken back.')
  let found: readonly string[] = []
  await db
    .transaction(async (tx) => {
      // A Saturday: no constraint forbids it, so only a check can see it.
      await tx.execute(
        `insert into stocks_research.prices_daily (security_id, trade_date, close)
         select security_id, date '2021-01-02', 1 from stocks_research.securities order by security_id limit 1`,
      )
      const planted = await validate(tx, { checks: CHECKS.filter(({ name }) => name === 'bar-on-session') })
      found = planted.checks.filter(({ violations_count }) => violations_count > 0).map(({ name }) => name)
      throw undone
    })
    .catch((error: unknown) => {
      if (error !== undone) throw error
    })
  const { left } = await db.one<{ left: number }>(
    "select count(*)::int as left from stocks_research.prices_daily where trade_date = '2021-01-02'",
  )
  await record({ planted: 'a bar on Saturday 2021-01-02', found_by: found, rows_left_behind: left })
  expect(found).toEqual(['bar-on-session'])
  expect(left).toBe(0)
})
