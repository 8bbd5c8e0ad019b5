import { createHash, createPrivateKey, type KeyObject } from 'node:crypto'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { BUNDLE_FILES } from '../helpers/backup/bundle.ts'
import { readJournal } from '../helpers/checklist/journal.ts'
import { type RunView, viewOf } from '../helpers/checklist/view.ts'
import { signingKeyFileOf } from '../helpers/config/config.ts'
import { PARTIAL_SUFFIX, writeAtomicallySync } from '../helpers/core/atomic-file.ts'
import { messageOf } from '../helpers/core/errors.ts'
import { auditOf } from './audit.ts'
import { envelopeOf, envelopeText } from './dsse.ts'
import { junitOf } from './junit.ts'
import { PAYLOAD_TYPE, statementOf } from './statement.ts'
import { tickedOf } from './ticked.ts'

/** The pages of a run and who writes each; every one follows from the journal alone. */
export const PAGES: Readonly<Record<string, (view: RunView, head: string) => string>> = {
  'junit.xml': junitOf,
  'checklist.md': tickedOf,
  'audit.html': auditOf,
}
export const JOURNAL_FILE = 'journal.jsonl'
export const MANIFEST_FILE = 'manifest.json'
/** The statement of a run that has ended, in its envelope. */
export const ATTESTATION_FILE = 'attestation.json'

export interface Manifest {
  readonly run_id: string
  readonly mode: string | null
  readonly verdict: RunView['verdict']
  readonly journal: { readonly lines: number; readonly head_sha256: string; readonly sha256: string }
  /** SHA-256 of each page, by file name; of a run that has ended, of every other file of the run too. */
  readonly files: Readonly<Record<string, string>>
}

/**
 * Writes all pages of `run_directory` from its journal, then the manifest that holds their hashes. Of a run
 * that has ended it also writes the statement, signed when BOOTSTRAP_SIGNING_KEY names a key.
 */
export function writeReports(run_directory: string): void {
  const bytes = readFileSync(join(run_directory, JOURNAL_FILE))
  const { entries, head, good_bytes } = readJournal(bytes)
  const view = viewOf(entries)
  const files: Record<string, string> = {}
  for (const [name, write] of Object.entries(PAGES)) {
    const text = write(view, head)
    writeAtomicallySync(join(run_directory, name), text)
    files[name] = sha256Of(text)
  }
  const has_ended = view.verdict !== 'RUNNING'
  if (has_ended)
    for (const name of otherFiles(run_directory))
      files[name] = sha256Of(readFileSync(join(run_directory, name)))
  const manifest: Manifest = {
    run_id: view.run_id,
    mode: view.mode,
    verdict: view.verdict,
    journal: { lines: entries.length, head_sha256: head, sha256: sha256Of(bytes.subarray(0, good_bytes)) },
    files,
  }
  writeAtomicallySync(join(run_directory, MANIFEST_FILE), manifestText(manifest))
  const attestation = join(run_directory, ATTESTATION_FILE)
  if (!has_ended) {
    rmSync(attestation, { force: true })
    return
  }
  const statement = Buffer.from(statementOf(view, statedFiles(manifest)))
  writeAtomicallySync(attestation, envelopeText(envelopeOf(PAYLOAD_TYPE, statement, readSigningKey())))
}

/** The manifest as its file has it. */
export const manifestText = (manifest: Manifest): string => `${JSON.stringify(manifest, null, 2)}\n`

/** What the statement says of files: the journal, the pages, and the manifest, which lists the others. */
export const statedFiles = (manifest: Manifest): Readonly<Record<string, string>> => ({
  [JOURNAL_FILE]: manifest.journal.sha256,
  ...Object.fromEntries(Object.entries(manifest.files).filter(([name]) => name in PAGES)),
  [MANIFEST_FILE]: sha256Of(manifestText(manifest)),
})

/** The files of a run beside its journal and what is written from that, by name; logs, for example. */
export function otherFiles(run_directory: string): string[] {
  const own = new Set([JOURNAL_FILE, MANIFEST_FILE, ATTESTATION_FILE, ...BUNDLE_FILES, ...Object.keys(PAGES)])
  return readdirSync(run_directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(run_directory, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((name) => !own.has(name) && !name.endsWith(PARTIAL_SUFFIX))
    .toSorted()
}

/** What is neither a file nor a folder in the folder of a run: a link can lead to another content later. */
export const linksIn = (run_directory: string): string[] =>
  readdirSync(run_directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isFile() && !entry.isDirectory())
    .map((entry) => relative(run_directory, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .toSorted()

/** A key that became unreadable during the run costs the signature, not the evidence. */
function readSigningKey(): KeyObject | undefined {
  const file = signingKeyFileOf()
  if (file === undefined) return undefined
  try {
    return createPrivateKey(readFileSync(file))
  } catch (error) {
    process.exitCode = 1
    process.stderr.write(
      `The statement of the run is not signed: ${file} cannot be read: ${messageOf(error)}\n`,
    )
    return undefined
  }
}

export const sha256Of = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex')
