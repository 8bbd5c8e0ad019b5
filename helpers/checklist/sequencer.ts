import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The project whose tests are boxes. */
export const PHASES = 'phases'

/**
 * The test files that take twenty seconds or more, longest first. They start first, so that the workers end
 * together; `npm run test:quick` leaves them out.
 */
export const LONG_FILES: readonly string[] = [
  'ingest/commands/daily.test.ts',
  'ingest/rebuild/rebuild.test.ts',
  'ingest/commands/upgrade.test.ts',
  'ingest/providers/market.test.ts',
  'ingest/validation/time-travel.property.test.ts',
  'ingest/export/export.test.ts',
  'reports/gate.test.ts',
  'ingest/commands/restore.test.ts',
  'ingest/run.test.ts',
  'ingest/commands/universe.test.ts',
  'helpers/checklist/interruption.test.ts',
  'helpers/checklist/engine.test.ts',
  'ingest/commands/migrate.test.ts',
  'ingest/validation/look-ahead.property.test.ts',
  'ingest/pipeline/simulated-market.test.ts',
  'ingest/pipeline/invariants.property.test.ts',
  'helpers/checklist/objections.test.ts',
  'ingest/commands/daily-command.test.ts',
  'ingest/providers/kill.test.ts',
  'ingest/pipeline/unchanged-attacked.test.ts',
  'helpers/backup/damage.test.ts',
  'ingest/export/examples.test.ts',
  'ingest/providers/flat-files/formats.property.test.ts',
  'ingest/pipeline/refused.test.ts',
  'helpers/backup/settings.property.test.ts',
  'ingest/validation/linear.test.ts',
  'reports/verify.test.ts',
  'helpers/backup/dump-faults.test.ts',
  'ingest/pipeline/unchanged.test.ts',
  'ingest/providers/real-notations.test.ts',
  'helpers/database/fingerprint.test.ts',
  'helpers/database/target.test.ts',
  'ingest/providers/flat-files/flat-files.test.ts',
  'ingest/providers/flat-files/damaged-parquet.test.ts',
  'ingest/commands/restarts.test.ts',
  'ingest/commands/backup.test.ts',
  'helpers/postgres/embedded.test.ts',
  'ingest/pipeline/outage.test.ts',
  'ingest/pipeline/order.property.test.ts',
  'ingest/pipeline/kill.test.ts',
  'ingest/pipeline/run.test.ts',
  'ingest/providers/no-key.test.ts',
  'helpers/checklist/plan.test.ts',
  'reports/junit.test.ts',
  'ingest/providers/flat-files/damaged.test.ts',
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
