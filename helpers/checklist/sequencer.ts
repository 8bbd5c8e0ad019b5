import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The project whose tests are boxes. */
export const PHASES = 'phases'

/**
 * The test files that take twenty seconds or more, longest first, those of `acceptance` before the others.
 * They start first, so that the workers end together; `npm run test:quick` leaves them out.
 */
export const LONG_FILES: readonly string[] = [
  'helpers/testing/acceptance/rehearsal.acceptance.test.ts',
  'helpers/testing/acceptance/interrupted.acceptance.test.ts',
  'ingest/commands/daily-year.acceptance.test.ts',
  'helpers/testing/acceptance/real-data.acceptance.test.ts',
  'ingest/commands/daily-week.acceptance.test.ts',
  'helpers/checklist/engine.acceptance.test.ts',
  'ingest/validation/time-travel.property.test.ts',
  'ingest/pipeline/invariants.property.test.ts',
  'ingest/validation/look-ahead.property.test.ts',
  'ingest/pipeline/order.property.test.ts',
  'ingest/commands/upgrade.test.ts',
  'ingest/providers/market.test.ts',
  'ingest/commands/daily.test.ts',
  'helpers/backup/settings.property.test.ts',
  'ingest/pipeline/unchanged.test.ts',
  'ingest/commands/universe.test.ts',
  'ingest/export/export.test.ts',
  'ingest/run.test.ts',
  'ingest/pipeline/unchanged-attacked.test.ts',
  'helpers/checklist/engine.test.ts',
  'reports/gate.test.ts',
  'ingest/providers/kill.test.ts',
  'ingest/pipeline/kill.test.ts',
  'reports/verify.test.ts',
  'ingest/commands/restore.test.ts',
  'ingest/rebuild/rebuild.test.ts',
  'ingest/commands/migrate.test.ts',
  'helpers/checklist/interruption.test.ts',
  'ingest/providers/flat-files/formats.property.test.ts',
  'helpers/backup/dump-faults.test.ts',
  'ingest/commands/provider.test.ts',
  'ingest/pipeline/run.test.ts',
  'ingest/providers/flat-files/flat-files.test.ts',
  'ingest/providers/real-notations.test.ts',
  'ingest/pipeline/outage.test.ts',
  'helpers/database/target.test.ts',
  'ingest/commands/daily-command.test.ts',
  'ingest/commands/backup.test.ts',
  'helpers/checklist/objections.test.ts',
  'helpers/database/fingerprint.test.ts',
  'ingest/pipeline/refused.test.ts',
  'ingest/validation/hard-checks.test.ts',
  'helpers/backup/damage.test.ts',
  'ingest/commands/restarts.test.ts',
  'helpers/database/content-hashes.test.ts',
  'helpers/remote/upload-large.test.ts',
  'helpers/database/target-database.test.ts',
  'helpers/checklist/plan.test.ts',
  'ingest/pipeline/identity.property.test.ts',
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
