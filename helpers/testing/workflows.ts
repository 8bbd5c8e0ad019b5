/** The workflow files for GitHub and GitLab, as their tests read them. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseDocument } from 'yaml'
import { ROOT_DIRECTORY } from '../config/config.ts'

export interface Step {
  readonly run?: string
  readonly uses?: string
  readonly if?: string
  readonly with?: Readonly<Record<string, unknown>>
}
export interface GitHub {
  readonly jobs: Readonly<Record<string, { readonly steps: readonly Step[] }>>
}

export const textOf = (file: string): string => readFileSync(join(ROOT_DIRECTORY, file), 'utf8')
export const read = <T>(file: string): T => parseDocument(textOf(file)).toJS() as T
/** The steps of the job that runs the checklist on GitHub. */
export const stepsOf = (): readonly Step[] =>
  read<GitHub>('.github/workflows/checklist.yml').jobs['checklist']?.steps ?? []
