import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readJournal } from '../helpers/checklist/journal.ts'
import { type RunView, viewOf } from '../helpers/checklist/view.ts'
import { writeAtomicallySync } from '../helpers/core/atomic-file.ts'
import { auditOf } from './audit.ts'
import { junitOf } from './junit.ts'
import { tickedOf } from './ticked.ts'

/** The pages of a run and who writes each; every one follows from the journal alone. */
export const PAGES: Readonly<Record<string, (view: RunView, head: string) => string>> = {
  'junit.xml': junitOf,
  'checklist.md': tickedOf,
  'audit.html': auditOf,
}

export interface Manifest {
  readonly run_id: string
  readonly mode: string | null
  readonly verdict: RunView['verdict']
  readonly journal: { readonly lines: number; readonly head_sha256: string; readonly sha256: string }
  /** SHA-256 of each page, by file name. */
  readonly files: Readonly<Record<string, string>>
}

/** Writes all pages of `run_directory` from its journal, then the manifest that holds their hashes. */
export function writeReports(run_directory: string): void {
  const bytes = readFileSync(join(run_directory, 'journal.jsonl'))
  const { entries, head, good_bytes } = readJournal(bytes)
  const view = viewOf(entries)
  const files: Record<string, string> = {}
  for (const [name, write] of Object.entries(PAGES)) {
    const text = write(view, head)
    writeAtomicallySync(join(run_directory, name), text)
    files[name] = sha256Of(text)
  }
  const manifest: Manifest = {
    run_id: view.run_id,
    mode: view.mode,
    verdict: view.verdict,
    journal: { lines: entries.length, head_sha256: head, sha256: sha256Of(bytes.subarray(0, good_bytes)) },
    files,
  }
  writeAtomicallySync(join(run_directory, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`)
}

export const sha256Of = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex')
