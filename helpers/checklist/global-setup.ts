import type { TestProject } from 'vitest/node'
import { prepare } from './prepare.ts'
import { setUp } from './setup.ts'

/** Runs once, in the main process, before the first phase. */
export default (project: TestProject): Promise<(() => Promise<void>) | undefined> => setUp(project, prepare)
