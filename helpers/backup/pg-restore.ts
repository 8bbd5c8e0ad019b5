import { PassThrough, Readable } from 'node:stream'
import type { Connection } from '../config/connection.ts'
import { PreconditionError } from '../core/errors.ts'
import { NOWHERE } from '../postgres/client.ts'
import { SESSION_OPTIONS } from '../postgres/session.ts'
import { runTool, ToolError, type ToolResult, type Tools } from '../postgres/tools.ts'

/**
 * Settings that a newer pg_restore sends before the first object, and the first major version of the server
 * that has them.
 */
const SETTINGS_SINCE: readonly (readonly [setting: string, major: number])[] = [['transaction_timeout', 17]]

/**
 * First 17 whose script makes psql take no command of its own from it (`\restrict`): before, a name in an
 * archive could run a program here (CVE-2025-8714). Later majors all do.
 */
const FENCED_MAJOR = 17
const FENCED_MINOR_MIN = 6

export interface PgRestoreOptions {
  /** Version of the server that is restored into. */
  readonly server_major: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Restores an archive into an empty database, all of it or nothing.
 *
 * pg_restore sends every setting that it knows, and stops at the first which the server does not know; a
 * client of the server's own version has none such. Where the client is newer, its script goes through psql
 * without those lines.
 *
 * @throws ToolError of the tool that failed first, PreconditionError for a newer client whose script psql
 *   must not be given.
 */
export async function pgRestore(
  tools: Pick<Tools, 'pg_restore' | 'psql'>,
  archive: string,
  target: Connection,
  { server_major, signal }: PgRestoreOptions,
): Promise<Pick<ToolResult, 'command' | 'duration_ms'>> {
  // One transaction into a new database: a crash costs only time. Index builds are faster with memory.
  const env = { PGOPTIONS: `${SESSION_OPTIONS} -c synchronous_commit=off -c maintenance_work_mem=256MB` }
  const plain = ['--no-owner', '--no-privileges']
  const unknown = SETTINGS_SINCE.flatMap(([setting, major]) =>
    tools.pg_restore.major >= major && server_major < major ? [setting] : [],
  )
  if (unknown.length === 0)
    return runTool(
      tools.pg_restore,
      ['--exit-on-error', '--single-transaction', ...plain, `--dbname=${target.database}`, archive],
      target,
      { signal, env },
    )

  requireFence(tools.pg_restore)
  const started = performance.now()
  const stop = new AbortController()
  const until = signal === undefined ? stop.signal : AbortSignal.any([stop.signal, signal])
  const failures: unknown[] = []
  const fail = (error: unknown): never => {
    failures.push(error)
    stop.abort()
    throw error
  }
  const dumped = new PassThrough()
  const reading = runTool(tools.pg_restore, ['--exit-on-error', ...plain, '-f', '-', archive], NOWHERE, {
    signal: until,
    stdout: dumped,
  })
  const script = Readable.from(inOneTransaction(dumped, reading, unknown), { objectMode: false })
  const writing = runTool(tools.psql, ['--no-psqlrc', '--quiet', '--set=ON_ERROR_STOP=1'], target, {
    signal: until,
    env,
    stdin: script,
    stdout: 'ignore',
  })
  const [read, written] = await Promise.allSettled([reading.catch(fail), writing.catch(fail)])
  // The process that ended first reports the cause; the other one only lost its pipe.
  if (read.status === 'rejected' || written.status === 'rejected')
    throw failures.find(endedByItself) ?? failures[0]
  return {
    command: `${read.value.command} | ${written.value.command}`,
    duration_ms: Math.round(performance.now() - started),
  }
}

function requireFence({ major, version, path }: Tools['pg_restore']): void {
  const minor = Number(version.split('.')[1] ?? 0)
  if (major > FENCED_MAJOR || minor >= FENCED_MINOR_MIN) return
  throw new PreconditionError(
    `pg_restore ${version} at ${path} writes a script in which an archive could hide commands of psql ` +
      "(CVE-2025-8714). Install its newest minor version, or the client tools of the server's own version.",
  )
}

const endedByItself = (error: unknown): boolean =>
  error instanceof ToolError && (error.result.exit_code ?? 0) !== 0

/** `commit` is sent only after pg_restore has exited with 0: a script that ends early leaves nothing. */
async function* inOneTransaction(
  script: Readable,
  ended: Promise<unknown>,
  unknown: readonly string[],
): AsyncGenerator<Buffer> {
  yield Buffer.from('begin;\n')
  yield* withoutSettings(script, unknown)
  await ended
  yield Buffer.from('\ncommit;\n')
}

const NEWLINE = 10
const OBJECT = '-- Name: '

/**
 * Leaves out `SET <setting> = …;` before the first object. Everything later, such as rows, is
 * passed on unchanged.
 */
export async function* withoutSettings(
  script: AsyncIterable<Buffer>,
  settings: readonly string[],
): AsyncGenerator<Buffer> {
  let rest: Buffer | undefined = Buffer.alloc(0)
  for await (const chunk of script) {
    if (rest === undefined) {
      yield chunk
      continue
    }
    rest = Buffer.concat([rest, chunk])
    for (let end = rest.indexOf(NEWLINE); end !== -1; end = rest.indexOf(NEWLINE)) {
      const line = rest.toString('utf8', 0, end)
      if (line.startsWith(OBJECT)) break
      if (!settings.some((setting) => line.startsWith(`SET ${setting} = `))) yield rest.subarray(0, end + 1)
      rest = rest.subarray(end + 1)
    }
    if (rest.toString('utf8', 0, OBJECT.length) !== OBJECT) continue
    yield rest
    rest = undefined
  }
  if (rest !== undefined) yield rest
}
