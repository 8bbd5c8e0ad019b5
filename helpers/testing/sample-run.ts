/** The journal of a run as large as a user's own, for tests of the reports. */
import { join } from 'node:path'
import type { Evidence, EvidenceRow, RunEvent, RunFigures, Verdict } from '../checklist/events.ts'
import { Journal } from '../checklist/journal.ts'

export interface SampleRun {
  readonly run_id?: string
  readonly mode?: string
  readonly dropbox?: string
  readonly verdict?: Verdict
  readonly reasons?: readonly string[]
  readonly securities?: number
  readonly history?: readonly RunFigures[]
  /** Put into every text that comes from outside. */
  readonly text?: string
  /** Put into one box of the last phase: its evidence, and its error where it failed. */
  readonly long_text?: string
  /** Why the first box of the last phase was skipped; undefined when it passed. */
  readonly skipped?: string
}

const PHASES = [
  'Environment verification',
  'Database creation',
  'Schema build',
  'Pre-ingestion safety backup',
  'Dry runs',
  'Validation pass',
  'Production ingestion',
  'Post-ingestion validation',
  'Final backup',
  'Definition of done',
]
const BOXES = 12
const MONTHS = 61
const SESSIONS_A_MONTH = 21
/** What a box keeps of a longer table. */
const ROWS_MAX = 2_000

export const SAMPLE_FIGURES: RunFigures = {
  securities: 8_000,
  securities_with_bars: 7_990,
  bars: 9_800_000,
  first_bar_on: '2020-01-02',
  newest_bar_on: '2025-01-03',
  sessions: 1_260,
  corporate_actions: 52_000,
  facts: 6_200_000,
  filers: 6_100,
  quarters: 1_900_000,
  database_bytes: 5_300_000_000,
  sessions_missing: 1_483,
  coverage_ratio: 0.9965,
  hard_violations: 0,
  findings: 1_000,
  items_failed: 2,
  items_not_found: 29,
  rows_withdrawn: 0,
  records_rejected: 497,
  backup: 'full_20260101_0001.dump',
  backup_made_at: '2026-01-01T00:01:00.000Z',
  backup_bytes: 900_000_000,
  backup_sha256: 'a'.repeat(64),
  backup_remote: 'Dropbox /stocks-research/full_20260101_0001.dump',
  time_to_recover_ms: 93_000,
  content_sha256: 'b'.repeat(64),
  is_restored_equal: true,
}

/** Writes the journal of a run into `directory`: ten phases, with the evidence of `securities` securities. */
export function writeSampleRun(directory: string, sample: SampleRun = {}): void {
  const journal = Journal.create(join(directory, 'journal.jsonl'))
  for (const event of eventsOf(sample)) journal.append(event, new Date('2026-01-01T00:00:00Z'))
  journal.close()
}

function eventsOf(sample: SampleRun): RunEvent[] {
  const { run_id = '20260101T000000Z-000001', mode = 'rehearsal', dropbox = 'local-server' } = sample
  const {
    verdict = 'PASSED',
    reasons = [],
    securities = 450,
    history = [],
    text = 'text',
    long_text = text,
    skipped,
  } = sample
  const phases = PHASES.map((title, at) => ({
    phase: `0${at}-${title.toLowerCase().replaceAll(' ', '-')}`,
    title: `Phase ${at} · ${title}`,
    boxes: Array.from({ length: BOXES }, (_, box) => `claim ${box} of phase ${at} holds`),
  }))
  const last = phases.at(-1)
  return [
    {
      event: 'run-started',
      run_id,
      mode,
      expected: phases,
      plan_sha256: 'f'.repeat(64),
      identity: { mode, dropbox, database: 'stocks_research', operator: text, git_is_dirty: false },
      pid: 1,
      host: 'host',
      narrowed: null,
      history,
    },
    { event: 'target-prepared', scope: 'c'.repeat(64), identity: { server: text } },
    ...phases.flatMap((phase) => {
      const has_failed = phase === last && verdict !== 'PASSED'
      return phaseEvents(phase, {
        has_failed,
        text,
        last_text: phase === last ? long_text : text,
        skipped: phase === last ? skipped : undefined,
      })
    }),
    ...(verdict === 'INCOMPLETE' ? [] : dataEvents(securities, text)),
    { event: 'run-ended', verdict, reasons, noticed_by: null },
  ]
}

function phaseEvents(
  { phase, boxes }: { readonly phase: string; readonly boxes: readonly string[] },
  {
    has_failed,
    text,
    last_text,
    skipped,
  }: {
    readonly has_failed: boolean
    readonly text: string
    readonly last_text: string
    readonly skipped: string | undefined
  },
): RunEvent[] {
  const ended = boxes.flatMap((claim, at): RunEvent[] => {
    const is_last = at === boxes.length - 1
    const is_failed = has_failed && is_last
    const output = is_last ? last_text : text
    if (skipped !== undefined && at === 0)
      return [
        { event: 'box-ended', phase, claim, state: 'skipped', errors: [], note: skipped, duration_ms: 0 },
      ]
    return [
      { event: 'box-started', phase, claim },
      { event: 'box-evidence', phase, claim, evidence: { rows: at, output }, section: null },
      {
        event: 'box-ended',
        phase,
        claim,
        state: is_failed ? 'failed' : 'passed',
        errors: is_failed ? [{ name: 'AssertionError', message: output }] : [],
        note: null,
        duration_ms: 1_500,
      },
    ]
  })
  return [
    { event: 'phase-queued', phase },
    { event: 'phase-collected', phase, boxes: boxes.map((claim) => ({ claim, selected: true })) },
    ...ended,
    { event: 'phase-ended', phase, ticked: !has_failed, blocked_by: null, errors: [] },
  ]
}

/** The evidence by section, as the phases give it. */
function dataEvents(securities: number, text: string): RunEvent[] {
  const box = { phase: '07-post-ingestion-validation', claim: 'claim 3 of phase 7 holds' }
  const shown = Array.from({ length: Math.min(60, securities) }, (_, at) => ({
    source_id: `source:${at}`,
    ticker: `T${at}`,
    missing: 60 - at,
    months: `${'-'.repeat(at % 12)}${'#'.repeat(20)}${'9'.repeat(3)}0${'#'.repeat(MONTHS - 24 - (at % 12))}`,
  }))
  const all = { source_id: 'all', ticker: 'all securities', missing: 1_483, months: '9'.repeat(MONTHS) }
  const findings = Array.from({ length: 1_000 }, (_, at) => findingOf(at, text))
  const gaps = Array.from({ length: Math.min(ROWS_MAX, securities) }, (_, at) => ({
    source_id: `source:${at}`,
    ticker: `T${at}`,
    first_date: '2024-06-17',
    last_date: '2025-01-03',
    missing: 139,
  }))
  const evidence = (section: 'data' | 'validation' | 'figures', given: Evidence): RunEvent => ({
    event: 'box-evidence',
    ...box,
    evidence: given,
    section,
  })
  return [
    evidence('figures', SAMPLE_FIGURES),
    evidence('data', { gaps, first_month: '2020-01', coverage_by_security: [all, ...shown] }),
    evidence('data', { bars_by_session: sessionsOf(securities), rows_by_job_and_year: rowsByYear() }),
    evidence('validation', { findings_by_name: findings, checks: checksOf() }),
    evidence('validation', {
      findings_by_check: ['session-missing', 'close-repeats'].map((name, at) => ({
        name,
        claim: text,
        violations_count: 10 * (at + 1),
      })),
    }),
  ]
}

function findingOf(at: number, text: string): EvidenceRow {
  return {
    check: at % 2 === 0 ? 'session-missing' : 'close-repeats',
    severity: 'soft',
    security: `T${at % 90}`,
    subject: `source:${at % 90}`,
    day: `202${at % 5}-0${(at % 9) + 1}-15`,
    evidence: `${text} ${at}`,
    is_new: at % 10 === 0,
    fingerprint: at.toString(16).padStart(64, '0'),
  }
}

function sessionsOf(securities: number): EvidenceRow[] {
  return Array.from({ length: MONTHS }, (_, at) => ({
    month: `${2020 + Math.floor(at / 12)}-${String((at % 12) + 1).padStart(2, '0')}`,
    listed: Array.from({ length: SESSIONS_A_MONTH }, () => securities).join(' '),
    bars: Array.from({ length: SESSIONS_A_MONTH }, (_, day) => securities - (day % 3)).join(' '),
  }))
}

function rowsByYear(): EvidenceRow[] {
  return ['prices-daily', 'corporate-actions', 'fundamentals-raw', 'fundamentals-derived'].flatMap((job) =>
    [2020, 2021, 2022, 2023, 2024, 2025].map((year) => ({ job, year, rows: year * 100 })),
  )
}

const checksOf = (): EvidenceRow[] =>
  Array.from({ length: 73 }, (_, at) => ({ check: `check-${at}`, severity: 'hard', violations_count: 0 }))
