import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The project whose tests are boxes. */
export const PHASES = 'phases'

/** The test files that take longest, longest first. They start first, so that the workers end together. */
export const LONG_FILES: readonly string[] = [
  'ingest/providers/market.test.ts',
  'ingest/providers/kill.test.ts',
  'ingest/validation/look-ahead.property.test.ts',
  'ingest/pipeline/invariants.property.test.ts',
  'ingest/commands/daily.test.ts',
  'ingest/run.test.ts',
  'ingest/pipeline/order.property.test.ts',
  'helpers/checklist/interruption.test.ts',
  'helpers/checklist/engine.test.ts',
  'ingest/pipeline/kill.test.ts',
  'ingest/commands/restore.test.ts',
  'helpers/backup/dump-faults.test.ts',
  'helpers/database/target-database.test.ts',
  'ingest/providers/flat-files/formats.property.test.ts',
  'ingest/providers/flat-files/parquet.property.test.ts',
  'ingest/rebuild/rebuild.test.ts',
  'ingest/pipeline/simulated-market.test.ts',
  'helpers/postgres/server.test.ts',
  'helpers/remote/upload-large.test.ts',
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
