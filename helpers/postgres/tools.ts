import { existsSync } from 'node:fs'
import { access, constants, glob, realpath } from 'node:fs/promises'
import { platform } from 'node:os'
import { basename, delimiter, join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { execa } from 'execa'
import { childEnvironment } from '../config/children.ts'
import type { Connection } from '../config/connection.ts'
import { PreconditionError, StocksError } from '../core/errors.ts'
import { redact } from '../core/redact.ts'
import { installHint } from './install-hint.ts'
import { SESSION_OPTIONS } from './session.ts'

export const TOOL_NAMES = ['psql', 'pg_dump', 'pg_restore', 'createdb', 'dropdb'] as const
export type ToolName = (typeof TOOL_NAMES)[number]

/** One of PostgreSQL's client tools, as it is installed here. */
export interface Tool {
  readonly name: ToolName
  readonly path: string
  /** E.g. `15.18`. */
  readonly version: string
  readonly major: number
}
export type Tools = Readonly<Record<ToolName, Tool>>

/** Where packagers put versions that are not on PATH. */
const PLACES: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  linux: [
    '/usr/lib/postgresql/*/bin',
    '/usr/pgsql-*/bin',
    '/usr/libexec/postgresql*',
    '/usr/lib/postgresql*/bin',
    '/usr/local/pgsql/bin',
  ],
  darwin: [
    ...['/opt/homebrew/opt', '/usr/local/opt'].flatMap((root) => [
      `${root}/postgresql@*/bin`,
      `${root}/libpq/bin`,
    ]),
    '/Applications/Postgres.app/Contents/Versions/*/bin',
    '/Library/PostgreSQL/*/bin',
    '/opt/local/lib/postgresql*/bin',
  ],
  win32: ['C:/Program Files/PostgreSQL/*/bin'],
}

/**
 * The client tools for a server of this version (`15.18`, or `15`), each checked by running it. The same
 * major version is taken before a newer one, wherever it lies, since a newer pg_restore sends settings that
 * an older server does not know; an older one than the server is never taken.
 *
 * @throws PreconditionError that names each missing or too old tool and the install command for this system.
 */
export async function findTools(
  serverVersion: string,
  { path = searchPath() }: { readonly path?: string } = {},
): Promise<Tools> {
  const major = Number.parseInt(serverVersion, 10)
  const directories = [
    ...path.split(delimiter).filter((directory) => directory !== ''),
    ...(await knownDirectories()),
  ]
  const found = await Promise.all(TOOL_NAMES.map((name) => findTool(name, major, [...new Set(directories)])))
  const faults = found.filter((each) => typeof each === 'string')
  if (faults.length > 0) {
    throw new PreconditionError(
      [
        `PostgreSQL's client tools do not suit the server (${serverVersion}):`,
        ...faults.map((fault) => `  - ${fault}`),
        `Install them with: ${await installHint(major)}`,
      ].join('\n'),
    )
  }
  return Object.fromEntries(found.map((tool) => [(tool as Tool).name, tool])) as Record<ToolName, Tool>
}

const searchPath = (): string => childEnvironment()['PATH'] ?? childEnvironment()['Path'] ?? ''

async function knownDirectories(): Promise<string[]> {
  const directories: string[] = []
  for (const pattern of PLACES[platform()] ?? [])
    for await (const directory of glob(pattern)) directories.push(directory)
  return directories.toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))
}

async function findTool(
  name: ToolName,
  major: number,
  directories: readonly string[],
): Promise<Tool | string> {
  const tools: Tool[] = []
  for (const directory of directories) {
    const tool = await inspect(name, join(directory, platform() === 'win32' ? `${name}.exe` : name))
    if (tool?.major === major) return tool
    if (tool !== undefined) tools.push(tool)
  }
  if (tools.length === 0) return `${name} is not installed (not on PATH, nor where packagers put it)`
  const newer = tools.find((tool) => tool.major > major) // PATH comes first, then ascending versions.
  return newer ?? `${name} ${tools[0]?.version} at ${tools[0]?.path} is older than the server`
}

async function inspect(name: ToolName, path: string): Promise<Tool | undefined> {
  const isRunnable = await access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
  // Debian's wrapper says one version here and may run another for a remote host; what it runs is found where
  // it lies.
  if (!isRunnable || basename(await realpath(path)) === 'pg_wrapper') return undefined
  const { exitCode, stdout } = await execa(path, ['--version'], {
    reject: false,
    env: childEnvironment(),
    extendEnv: false,
    timeout: 20_000,
  })
  const version = exitCode === 0 ? /(\d+(?:\.\d+)*)/.exec(stdout)?.[1] : undefined
  return version === undefined ? undefined : { name, path, version, major: Number.parseInt(version, 10) }
}

/** What a tool did, for the evidence. Holds no secret. */
export interface ToolResult {
  /** Name and arguments. */
  readonly command: string
  readonly exit_code: number | null
  readonly stdout: string
  readonly stderr: string
  readonly duration_ms: number
}

/** A client tool ended with another exit code than 0, was ended by a signal, or could not be started. */
export class ToolError extends StocksError {
  readonly transient = false
  readonly result: ToolResult
  constructor(result: ToolResult, reason: string, cause: unknown) {
    super(`${result.command} failed (${reason})${result.stderr === '' ? '' : `:\n${result.stderr}`}`, {
      cause,
    })
    this.result = result
  }
}

export interface RunToolOptions {
  readonly signal?: AbortSignal | undefined
  /** Where standard output goes instead of into the result; "ignore" throws it away. */
  readonly stdout?: Writable | 'ignore'
  readonly stdin?: string | Readable
  /** Further variables of the child's environment. */
  readonly env?: Readonly<Record<string, string>>
  /** Called with the process id once it runs. */
  readonly onStart?: ((pid: number) => void) | undefined
}

/**
 * Runs a client tool against `connection`, which travels by environment, never in an argument. Cancelled by
 * `signal`, it is asked to end and killed five seconds later.
 *
 * @throws ToolError unless it exits with 0.
 */
export async function runTool(
  tool: Tool,
  args: readonly string[],
  connection: Connection,
  options: RunToolOptions = {},
): Promise<ToolResult> {
  const child = execa(tool.path, [...args], {
    env: { ...childEnvironment(), ...connectionEnvironment(connection, tool.major), ...options.env },
    extendEnv: false,
    reject: false,
    ...(options.signal && { cancelSignal: options.signal }),
    // A stream without a file descriptor of its own needs a pipe between.
    ...(options.stdout && {
      stdout: options.stdout === 'ignore' ? 'ignore' : [options.stdout, 'pipe'],
      buffer: { stdout: false },
    }),
    ...(typeof options.stdin === 'string'
      ? { input: options.stdin }
      : { stdin: options.stdin === undefined ? 'ignore' : [options.stdin, 'pipe'] }),
  })
  if (child.pid !== undefined) options.onStart?.(child.pid)
  const result = await child
  const summary: ToolResult = {
    command: redact([tool.name, ...args].join(' ')),
    exit_code: result.exitCode ?? null,
    stdout: redact(typeof result.stdout === 'string' ? result.stdout : ''),
    stderr: redact(result.stderr ?? ''),
    duration_ms: Math.round(result.durationMs),
  }
  if (!result.failed) return summary
  let reason = `exit code ${result.exitCode}`
  if (result.isCanceled) reason = 'cancelled'
  else if (result.exitCode === undefined) reason = redact(result.shortMessage ?? 'not started')
  throw new ToolError(summary, reason, result.cause)
}

/**
 * The connection as libpq reads it from the environment, with the session settings that make text output the
 * same everywhere.
 */
export function connectionEnvironment(
  connection: Connection,
  tool_major: number,
  session = SESSION_OPTIONS,
): Record<string, string> {
  const { host, port, user, password, database, ssl, client_certificate_file, client_key_file } = connection
  return {
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    ...(password !== undefined && { PGPASSWORD: password }),
    PGDATABASE: database,
    PGSSLMODE: ssl,
    ...rootCertificateOf(connection, tool_major),
    ...(client_certificate_file !== undefined && { PGSSLCERT: client_certificate_file }),
    ...(client_key_file !== undefined && { PGSSLKEY: client_key_file }),
    PGGSSENCMODE: 'disable', // The driver does not know it either.
    PGOPTIONS: session,
    PGCLIENTENCODING: 'UTF8',
    PGAPPNAME: 'stocks-research',
    PGCONNECT_TIMEOUT: '15',
  }
}

/** Where libpq 15 finds the authorities of the system; from 16 on it knows the word "system". */
const SYSTEM_AUTHORITIES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/cert.pem',
]

/** Without one libpq wants ~/.postgresql/root.crt; the driver trusts the authorities of the system. */
function rootCertificateOf(
  { ssl, root_certificate_file: root }: Connection,
  tool_major: number,
): { PGSSLROOTCERT?: string } {
  if (root !== undefined && root !== 'system') return { PGSSLROOTCERT: root }
  if (ssl !== 'verify-full') return {}
  if (tool_major >= 16) return { PGSSLROOTCERT: 'system' }
  const file = SYSTEM_AUTHORITIES.find((each) => existsSync(each))
  return file === undefined ? {} : { PGSSLROOTCERT: file }
}
