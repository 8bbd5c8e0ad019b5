/**
 * `npm run report:verify [-- <run folder>]`: proves that a run's reports are what its journal says, and that
 * the journal is intact. Without a folder, the latest run. Exits 1 and names file and line when something
 * does not hold.
 */
import { existsSync, lstatSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { ROOT_DIRECTORY, readConfig } from '../../helpers/config/config.ts'
import { resolvePointer } from '../../helpers/core/pointer.ts'
import { checkRun } from '../../reports/check.ts'

const say = (line: string): void => void process.stdout.write(`${line}\n`)

function latestRun(): string | undefined {
  const pointer = join(reportsDirectory(), 'latest')
  return lstatSync(pointer, { throwIfNoEntry: false }) === undefined ? undefined : resolvePointer(pointer)
}

function reportsDirectory(): string {
  try {
    return readConfig().directories.reports
  } catch {
    return join(ROOT_DIRECTORY, 'reports') // Evidence stays readable when today's configuration is not.
  }
}

const asked = process.argv[2]
const directory = asked === undefined ? latestRun() : resolve(asked)
if (directory === undefined || !existsSync(directory)) {
  say(
    `There is no run to verify${asked === undefined ? '' : ` in ${asked}`}. \`npx vitest run phases\` ` +
      'makes one.',
  )
  process.exitCode = 1
} else {
  const { view, faults, notes } = checkRun(directory)
  say(
    `run ${view?.run_id ?? directory}: ` +
      `${view?.verdict ?? 'unreadable'}${view?.mode === 'rehearsal' ? ' · REHEARSAL' : ''}`,
  )
  for (const note of notes) say(`  note: ${note}`)
  for (const fault of faults) say(`  DOES NOT HOLD: ${fault}`)
  if (faults.length === 0)
    say(
      '  the journal is intact, the manifest holds, and every report contains ' +
        `${notes.length === 0 ? 'what' : 'the verdict and the boxes that'} the journal contains`,
    )
  else process.exitCode = 1
}
