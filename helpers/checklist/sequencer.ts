import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The project whose tests are boxes. */
export const PHASES = 'phases'

/**
 * The test files that take longest, those of `acceptance` before the others. They start first, so that the
 * workers end together.
 */
export const LONG_FILES: readonly string[] = [
  'helpers/testing/acceptance/interrupted.acceptance.test.ts',
  'helpers/testing/acceptance/real-data.acceptance.test.ts',
  'ingest/commands/daily-year.acceptance.test.ts',
  'ingest/commands/newcomer.acceptance.test.ts',
  'ingest/validation/time-travel.acceptance.test.ts',
  'ingest/commands/upgrade.acceptance.test.ts',
  'helpers/checklist/engine.acceptance.test.ts',
  'helpers/testing/acceptance/rehearsal.acceptance.test.ts',
  'ingest/commands/daily-week.acceptance.test.ts',
  'ingest/commands/restarts.acceptance.test.ts',
  'ingest/export/export.acceptance.test.ts',
  'ingest/providers/market.acceptance.test.ts',
  'ingest/commands/daily.acceptance.test.ts',
  'reports/gate.acceptance.test.ts',
  'ingest/providers/kill.acceptance.test.ts',
  'helpers/backup/settings.acceptance.test.ts',
  'ingest/commands/restore.acceptance.test.ts',
  'ingest/validation/look-ahead.acceptance.test.ts',
  'ingest/pipeline/unchanged-attacked.acceptance.test.ts',
  'ingest/validation/linear.acceptance.test.ts',
  'ingest/providers/real-notations.acceptance.test.ts',
  'ingest/commands/daily-filers.acceptance.test.ts',
  'ingest/rebuild/rebuild.acceptance.test.ts',
  'helpers/checklist/interruption.acceptance.test.ts',
  'helpers/backup/dump-faults.acceptance.test.ts',
  'helpers/backup/damage.acceptance.test.ts',
  'ingest/commands/migrate.acceptance.test.ts',
  'helpers/checklist/objections.acceptance.test.ts',
  'ingest/pipeline/unchanged-inputs.acceptance.test.ts',
  'ingest/pipeline/outage.acceptance.test.ts',
  'ingest/bench/bench.acceptance.test.ts',
  'ingest/commands/vendor-shapes.acceptance.test.ts',
  'ingest/pipeline/invariants.property.test.ts',
  'ingest/pipeline/order.property.test.ts',
  'ingest/pipeline/simulated-market.test.ts',
  'ingest/providers/flat-files/flat-files.test.ts',
  'ingest/pipeline/run.test.ts',
  'ingest/run.test.ts',
  'ingest/commands/daily-command.test.ts',
  'helpers/database/target.test.ts',
  'ingest/pipeline/refused.test.ts',
  'helpers/postgres/server.test.ts',
  'helpers/checklist/interruption.test.ts',
  'helpers/checklist/engine.test.ts',
  'ingest/commands/backup.test.ts',
]

function placeOf({ moduleId }: TestSpecification): number {
  const path = moduleId.replaceAll('\\', '/')
  const place = LONG_FILES.findIndex((name) => path.endsWith(`/${name}`))
  return place === -1 ? LONG_FILES.length : place
}

/**
 * Phases run in the order of their paths. Vitest's own order (failed, then slow, then large files first)
 * would shuffle the phases. Behind a closed gate no phase is started: ten workers that only refuse would
 * show nothing more.
 */
export class PhaseSequencer extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const phases = files.filter((file) => file.project.name === PHASES)
    const others = files.filter((file) => file.project.name !== PHASES)
    const open = phases.filter((file) => file.project.getProvidedContext().gate?.is_open === true)
    const tests = (await super.sort(others)).toSorted((a, b) => placeOf(a) - placeOf(b))
    return [...open.toSorted((a, b) => (a.moduleId < b.moduleId ? -1 : 1)), ...tests]
  }
}
