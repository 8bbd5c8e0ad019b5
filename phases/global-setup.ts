import type { TestProject } from 'vitest/node'
import { setUp } from '../helpers/checklist/setup.ts'
import { prepare } from './prepare.ts'

/** Runs once, in the main process, before the first phase. */
export default (project: TestProject): Promise<(() => Promise<void>) | undefined> => setUp(project, prepare)
