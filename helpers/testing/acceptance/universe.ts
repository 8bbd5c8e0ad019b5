import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { ROOT_DIRECTORY } from '../../config/config.ts'

/**
 * A universe of the first `securities` of the rehearsal, for BOOTSTRAP_UNIVERSE: a checklist of few of them
 * takes a fraction of the time. `remove` removes the file.
 */
export function smallUniverse(securities: number): { readonly file: string; readonly remove: () => void } {
  const file = join(mkdtempSync(join(tmpdir(), 'universe-')), 'few.csv')
  const all = readFileSync(join(ROOT_DIRECTORY, 'ingest', 'universe', 'rehearsal.csv'), 'utf8').split('\n')
  writeFileSync(file, `${all.slice(0, 1 + securities).join('\n')}\n`)
  return { file, remove: () => rmSync(dirname(file), { recursive: true }) }
}
