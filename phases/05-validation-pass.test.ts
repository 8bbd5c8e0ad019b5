/**
 * Phase 5 · Validation pass
 *
 * Goal:  what the dry runs loaded is right, by every check that there is. A failure here blocks progression.
 * Again: safe. A finding is stored once, however often it is found.
 */
import { describe, inject } from 'vitest'
import { expectAtLeast, expectEqual, expectNone, expectThat } from '../helpers/checklist/expectations.ts'
import { Ledger } from '../helpers/checklist/ledger.ts'
import { ALSO_PROVEN } from '../helpers/checklist/plan.ts'
import { checksOf } from '../ingest/validation/checks.ts'
import { type ValidationReport, validate } from '../ingest/validation/validate.ts'
import { checksEvidence, violationCounts, violationsOf } from './evidence.ts'
import { expectNoHardViolations, expectNoViolations } from './expectations.ts'
import { Left, needs, test } from './fixtures.ts'
import { query } from './query.ts'
import { rowsIn } from './tables.ts'

needs('04-dry-runs')

const RAN = 'the validation runners ran every declared check'
const validation = new Left<ValidationReport>(RAN)

test(RAN, async ({ config, db, progress, record }) => {
  const checks = checksOf(config)
  const report = await validate(db, { checks, onCheck: ({ claim }) => progress(claim) })
  validation.value = report
  const ran = new Set(report.checks.map(({ name }) => name))
  const not_run = checks.map(({ name }) => name).filter((name) => !ran.has(name))
  const own_checks = checks.filter((check) => 'is_own' in check && check.is_own).map(({ name }) => name)
  await record({ checks_declared: checks.length, checks_ran: ran.size, not_run, own_checks })
  expectNone(not_run, 'check that did not run')
  expectAtLeast('checks that ran', ran.size, 1)
})

test('every hard check has zero violations', async ({ record }) => {
  const report = validation.value
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
  expectNoHardViolations(report)
})

test('no orphaned rows', async ({ record }) => {
  await record(violationCounts(validation.value, ['no-orphans']))
  expectNoViolations(validation.value, ['no-orphans'])
})

test('every foreign key is intact', async ({ record }) => {
  const names = ['foreign-keys-present', 'constraints-validated']
  await record(violationCounts(validation.value, names))
  expectNoViolations(validation.value, names)
})

test('adjustment is continuous', async ({ db, record, notApplicable }) => {
  const names = ['adjustment-continuous', 'total-return-continuous', 'last-factor-one']
  const actions = await rowsIn(db, 'corporate_actions')
  await record({ corporate_actions: actions, ...violationCounts(validation.value, names) })
  expectNoViolations(validation.value, names)
  if (actions === 0) notApplicable('corporate_actions has no rows to adjust for')
})

for (const { table, from, check } of [
  { table: 'adjustment_factors', from: 'prices_daily', check: 'factors-equal-recomputation' },
  { table: 'fundamentals_derived', from: 'fundamentals_raw', check: 'quarters-equal-recomputation' },
  {
    table: 'fundamentals_standard',
    from: 'fundamentals_raw',
    check: 'standard-items-equal-recomputation',
  },
]) {
  test(`derived tables populate and equal a recomputation: ${table}`, async ({
    db,
    record,
    notApplicable,
  }) => {
    const rows = await rowsIn(db, table)
    const rows_of_source = await rowsIn(db, from)
    await record({ [table]: rows, [from]: rows_of_source, ...violationCounts(validation.value, [check]) })
    expectNoViolations(validation.value, [check])
    if (rows === 0 && rows_of_source === 0) notApplicable(`${from} has no rows to derive from`)
    expectThat(rows > 0, `${table} has no rows, although ${from} has ${rows_of_source}`)
    expectThat(rows_of_source > 0, `${table} has ${rows} rows, although ${from} has none`)
  })
}

test('a failure here blocks progression', async ({ record }) => {
  const { ledger_directory } = inject('run')
  const gate = inject('gate')
  const ledger = new Ledger(ledger_directory)
  const later = ['05-validation-pass', '06-production-ingestion', '07-post-ingestion-validation']
  const ticked = later.filter((phase) => gate.is_open && ledger.read(phase, gate.scope) !== undefined)
  await record({ phases_ticked_while_this_one_runs: ticked })
  // Phase 6 starts only with the tick of this phase, which is given after its last box has passed.
  expectNone(ticked, 'phase that is ticked before this one has passed')
})

describe(ALSO_PROVEN, () => {
  test('a planted bad row is found, so the checks can fail', async ({ config, db, record }) => {
    const checks = checksOf(config).filter(({ name }) => name === 'bar-on-session')
    const undo = new Error('The planted row is rolled back.')
    let found: readonly string[] = []
    const plant = db.transaction(async (tx) => {
      await tx.execute(query('planted_bar'))
      const planted = await validate(tx, { checks })
      found = planted.checks.filter(({ violations_count }) => violations_count > 0).map(({ name }) => name)
      throw undo
    })
    await plant.catch((error: unknown) => {
      if (error !== undo) throw error
    })
    const { left } = await db.one<{ left: number }>(
      "select count(*)::int as left from stocks_research.prices_daily where trade_date = '2021-01-02'",
    )
    await record({ planted: 'a bar on Saturday 2021-01-02', found_by: found, rows_left_behind: left })
    expectEqual('the checks that found the planted bar', found.join(', '), 'bar-on-session')
    expectEqual('the planted bars that are left', left, 0)
  })
})
