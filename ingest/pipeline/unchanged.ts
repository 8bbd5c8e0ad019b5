import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { compareText } from '../../helpers/core/text.ts'
import type { Database } from '../../helpers/postgres/database.ts'
import { queryFile } from '../../helpers/postgres/query-file.ts'
import type { SourcedJob } from '../contract/job.ts'
import type { Ask, Batch, InputFile, Provider } from '../contract/provider.ts'
import type { RunContext } from './context.ts'
import type { KnownSecurity } from './identity.ts'
import type { ItemScope } from './items.ts'

// Decides whether a batch must be read: not when its files, and everything else that its rows follow from,
// are those of a complete run, and nobody has changed the table since.

const SQL = join(import.meta.dirname, 'sql')
const ROOT = join(import.meta.dirname, '../..')

/** What the rows of a batch follow from, and what its table was before the job. */
export interface BatchInputs {
  readonly batch: Batch
  readonly inputs_sha256: string
  readonly files: readonly InputFile[]
}

/** Tables that a job writes beside its own. */
const tablesOf = (job: SourcedJob): string[] => [
  `stocks_research.${job.table}`,
  ...(job.refusedEvent === undefined ? [] : ['stocks_research.refused_events']),
  ...(job.loads_beside === undefined ? [] : [`stocks_research.${job.loads_beside.table}`]),
]

/** The newest recorded change of any table. */
export async function newestChange(db: Database): Promise<string> {
  const { id } = await db.one<{ id: string }>(
    'select coalesce(max(change_id), 0)::text as id from ingestion.table_changes',
  )
  return id
}

/** What the database itself says about how records are read: hashes, which do not change during a run. */
export const rulesOf = (db: Database): Promise<RunContext['rules']> =>
  db.one<{ calendar: string; migrations: string }>(queryFile(SQL, 'rules-of-database'))

/**
 * What the rows of a batch follow from. Undefined when the provider cannot tell which bytes it would read,
 * as over HTTP, or when they cannot be read: the read then reports why.
 */
export async function inputsOf(
  { job, provider, ask, batch }: { job: SourcedJob; provider: Provider; ask: Ask; batch: Batch },
  known: readonly KnownSecurity[],
  { universe, thresholds, rules: { calendar, migrations } }: RunContext,
): Promise<BatchInputs | undefined> {
  const files = await provider.inputFiles?.(ask, batch)
  if (files === undefined || files.length === 0) return undefined
  const parts = {
    files,
    job: job.name,
    provider: provider.name,
    universe_sha256: universe.sha256,
    window: ask.window,
    subjects: batch.subjects,
    known,
    thresholds,
    calendar,
    migrations,
    code: codeHash(),
  }
  return { batch, files, inputs_sha256: sha256Of(JSON.stringify(parts)) }
}

/**
 * Ends the items of a batch as the complete run ended them that last read equal inputs. Returns that run, or
 * undefined when there is none, when it has no end of one of the items, or when anybody but that run changed
 * the table since: then the batch must be read.
 */
export async function endUnchanged(
  tx: Database,
  job: SourcedJob,
  scope: ItemScope,
  { batch, inputs_sha256 }: BatchInputs,
): Promise<LastRead | undefined> {
  const items = batch.subjects.map(({ item }) => item)
  const { start_date, end_date } = scope.window
  const [last] = await tx.rows<LastRead & Record<string, unknown>>(queryFile(SQL, 'read-unchanged'), [
    job.name,
    scope.provider,
    inputs_sha256,
    tablesOf(job),
    items,
    start_date,
    end_date,
  ])
  if (last === undefined) return undefined
  await tx.rows(queryFile(SQL, 'end-unchanged'), [scope.run_id, job.name, scope.provider, items, last.run_id])
  return last
}

/** The run that last read a batch. */
export interface LastRead {
  readonly run_id: string
  /** Records of the job that it rejected and listed. */
  readonly rejected_count: number
}

/**
 * Records what the batches of a job were read from, when its last item has ended. A batch is left out if an
 * item of it failed or is deferred, and every batch is if somebody else changed the table meanwhile.
 */
export async function rememberRead(
  tx: Database,
  job: SourcedJob,
  scope: ItemScope,
  read: readonly BatchInputs[],
  change_before: string,
): Promise<void> {
  for (const { batch, inputs_sha256 } of read)
    await tx.rows(queryFile(SQL, 'remember-read'), [
      job.name,
      scope.provider,
      batch.label,
      inputs_sha256,
      scope.run_id,
      batch.subjects.map(({ item }) => item),
      tablesOf(job),
      change_before,
    ])
}

/** True when every file that was read is one of the files that were hashed before. */
export const areThose = ({ files }: BatchInputs, sha256s: Iterable<string>): boolean => {
  const hashed = new Set(files.map(({ sha256 }) => sha256))
  for (const sha256 of sha256s) if (!hashed.has(sha256)) return false
  return true
}

let code: string | undefined

/**
 * Of everything that decides how a file is parsed and merged: our code, the packages and Node.js. A changed
 * rule is another rule, whatever the version says.
 */
function codeHash(): string {
  code ??= sha256Of([process.version, ...codeFiles().map(textOf)].join('\n'))
  return code
}

const IS_CODE = /\.(ts|sql|json|csv)$/

const codeFiles = (): string[] => [
  'package-lock.json',
  ...['helpers', 'ingest'].flatMap((room) =>
    readdirSync(join(ROOT, room), { recursive: true, encoding: 'utf8' })
      .filter((name) => IS_CODE.test(name) && !name.endsWith('.test.ts'))
      .map((name) => `${room}/${name}`)
      .toSorted(compareText),
  ),
]

const textOf = (name: string): string => `${name}\n${readFileSync(join(ROOT, name), 'utf8')}`

const sha256Of = (text: string): string => createHash('sha256').update(text).digest('hex')
