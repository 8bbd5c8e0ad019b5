import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The project whose tests are boxes. */
export const PHASES = 'phases'

/**
 * Files run in the order of their paths. Vitest's own order (failed, then slow, then large files first) would
 * shuffle the phases. Behind a closed gate no phase is started: ten workers that only refuse would show
 * nothing more.
 */
export class PhaseSequencer extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const phases = files.filter((file) => file.project.name === PHASES)
    const others = files.filter((file) => file.project.name !== PHASES)
    const open = phases.filter((file) => file.project.getProvidedContext().gate?.is_open === true)
    return [...open.toSorted((a, b) => (a.moduleId < b.moduleId ? -1 : 1)), ...(await super.sort(others))]
  }
}
