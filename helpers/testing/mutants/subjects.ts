/** What the mutation run changes, and the tests that are asked about a change, the quick ones first. */
export interface Subject {
  readonly name: string
  /** Files, or patterns of them. */
  readonly files: readonly string[]
  readonly tests: readonly string[]
  /** The titles of its tests name the file: only those tests are run. */
  readonly is_by_name?: boolean
  /** With `is_by_name`: asked last, with all of their tests. */
  readonly also?: readonly string[]
  /** How much of the sample it has, in proportion to the others. */
  readonly share: number
}

const inside = (folder: string, names: readonly string[]): string[] =>
  names.map((name) => `${folder}/${name}`)
const validation = (...names: string[]): string[] => inside('ingest/validation', names)
const pipeline = (...names: string[]): string[] => inside('ingest/pipeline', names)
const checklist = (...names: string[]): string[] => inside('helpers/checklist', names)
const backup = (...names: string[]): string[] => inside('helpers/backup', names)
const migrations = (...names: string[]): string[] => inside('migrations', names)

export const SUBJECTS: readonly Subject[] = [
  {
    name: 'journal',
    share: 8,
    files: checklist('journal.ts'),
    tests: checklist('journal.property.test.ts'),
  },
  {
    name: 'verdict of the checklist',
    share: 2,
    files: checklist('judge.ts', 'outcome.ts', 'plan.ts', 'ledger.ts'),
    tests: checklist(
      ...[
        'plan.test.ts',
        'ledger.test.ts',
        'objections.test.ts',
        'objections.acceptance.test.ts',
        'failures.test.ts',
        'engine.test.ts',
      ],
    ),
  },
  {
    name: 'backup',
    share: 14,
    files: backup('retention.ts', 'manifest.ts', 'verify.ts'),
    tests: [
      ...backup('manifest.test.ts', 'retention.property.test.ts'),
      'ingest/commands/restore.acceptance.test.ts',
      ...backup('damage.acceptance.test.ts'),
    ],
  },
  {
    name: 'merge and report',
    share: 20,
    files: pipeline('merge.ts', 'settle.ts', 'report.ts', 'distinct-keys.ts'),
    tests: pipeline(
      ...['report.test.ts', 'settle.test.ts', 'distinct-keys.property.test.ts', 'run.test.ts'],
      ...['withdrawn.test.ts', 'shifted.test.ts', 'identity.property.test.ts'],
    ),
  },
  {
    name: 'runner of the checks',
    share: 10,
    files: validation('checks.ts', 'check-file.ts', 'find-violations.ts', 'findings.ts', 'validate.ts'),
    tests: validation('checks.test.ts', 'validate.test.ts', 'open-findings.test.ts', 'signals.test.ts'),
  },
  {
    name: 'second computation of factors',
    share: 8,
    files: validation('adjust.ts', 'rational.ts', 'recompute-factors.ts'),
    tests: [...validation('reasons.property.test.ts'), 'ingest/adjustment-factors.property.test.ts'],
  },
  {
    name: 'second computation of quarters and standard items',
    share: 8,
    files: validation('quarters.ts', 'quarter-ways.ts', 'item-statements.ts', 'item-doubts.ts'),
    tests: validation('basis.test.ts', 'standard-items.property.test.ts', 'quarters.property.test.ts'),
  },
  {
    name: 'SQL of adjustment',
    share: 14,
    files: migrations('011-adjustment-intervals.sql', '012-adjusted-prices.sql'),
    tests: ['ingest/adjustment-factors.property.test.ts', ...validation('spin-offs.test.ts')],
  },
  {
    name: 'SQL of quarters',
    share: 14,
    files: migrations('015-quarters.sql', '016-derive-quarters.sql'),
    tests: validation(
      ...['function-edges.test.ts', 'quarters.property.test.ts', 'basis.test.ts', 'long-quarters.test.ts'],
    ),
  },
  {
    name: 'SQL of standard items',
    share: 10,
    files: migrations(
      ...['017-standard-items.sql', '018-standard-items-as-of.sql', '020-derive-standard-items.sql'],
    ),
    tests: validation(
      ...['function-edges.test.ts', 'standard-items.test.ts', 'doubtful-items.test.ts'],
      'standard-items.property.test.ts',
    ),
  },
  {
    name: 'SQL of research functions',
    share: 12,
    files: migrations(
      ...['013-listings.sql', '025-daily-returns.sql', '026-listed-on-a-day.sql'],
      ...['027-research-functions.sql', '028-market-cap.sql', '031-monthly-returns.sql'],
    ),
    tests: validation(
      ...[
        'listings.test.ts',
        'returns-monthly.test.ts',
        'cookbook.test.ts',
        'time-travel.acceptance.test.ts',
      ],
    ),
  },
  {
    name: 'SQL of hard checks',
    share: 40,
    files: ['ingest/validation/checks/*.sql: hard'],
    tests: validation('check-edges.test.ts', 'hard-checks.test.ts', 'check-arms.test.ts'),
    is_by_name: true,
    also: pipeline('simulated-market.test.ts'),
  },
  {
    name: 'SQL of soft checks',
    share: 60,
    files: ['ingest/validation/checks/*.sql: soft'],
    tests: validation('check-edges.test.ts', 'soft-checks.test.ts', 'suspicious-facts.test.ts'),
    is_by_name: true,
  },
]
