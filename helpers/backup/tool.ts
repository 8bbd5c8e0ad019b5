import { execa } from 'execa'
import type { Connection } from '../database.ts'
import { PreconditionError, StocksError } from '../errors.ts'
import { redact } from '../redact.ts'

/** What a client tool did. Its arguments hold no secret: the connection goes by its environment. */
export interface ToolRun {
  /** The command line, for the evidence. */
  readonly command: string
  readonly exit_code: number | undefined
  readonly stdout: string
  readonly stderr: string
  readonly duration_ms: number
}

/** A client tool of PostgreSQL ended with an error. */
export class ToolError extends StocksError {
  readonly transient = false
  readonly run: ToolRun
  constructor(run: ToolRun, next: string) {
    const words = run.stderr.trim().split('\n').slice(0, 5).join('\n  ') || 'it said nothing'
    super(
      `${run.command.split(' ', 1)[0]} ended with ${run.exit_code === undefined ? 'a signal' : `exit code ${run.exit_code}`}:\n  ${words}\n${next}`,
    )
    this.run = run
  }
}

export interface ToolOptions {
  /** Ends the tool when aborted. */
  readonly signal?: AbortSignal
  /** Throws stdout away where it is not wanted: a full read of an archive has gigabytes of it. */
  readonly stdout?: 'keep' | 'discard'
  /** Called with the process id once the tool runs. */
  readonly onStart?: (pid: number) => void
  /** Server settings of its session. */
  readonly settings?: Readonly<Record<string, string>>
}

/** Runs one client tool of PostgreSQL to its end and never throws for its exit code. No connection means: none is needed. */
export async function runClientTool(
  name: 'pg_dump' | 'pg_restore',
  args: readonly string[],
  connection: Connection | undefined,
  { signal, stdout = 'keep', onStart, settings }: ToolOptions = {},
): Promise<ToolRun> {
  const started = performance.now()
  const child = execa(name, args, {
    env: connection === undefined ? {} : environmentOf(connection, settings),
    stdin: 'ignore',
    stdout: stdout === 'keep' ? 'pipe' : 'ignore',
    maxBuffer: 256 * 1024 * 1024,
    reject: false,
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  })
  if (child.pid !== undefined) onStart?.(child.pid)
  const result = await child
  if (result.code === 'ENOENT') throw new PreconditionError(`${name} is not on PATH. Install the PostgreSQL client tools, then run again.`)
  return {
    command: redact([name, ...args].join(' ')),
    exit_code: result.exitCode,
    stdout: String(result.stdout ?? ''),
    stderr: redact(String(result.stderr ?? '')),
    duration_ms: performance.now() - started,
  }
}

/** libpq's variables. Those of the caller that could lead elsewhere are taken away. */
function environmentOf(connection: Connection, settings: Readonly<Record<string, string>> = {}): Record<string, string | undefined> {
  const options = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`)
  return {
    PGHOST: connection.host,
    PGPORT: String(connection.port),
    PGUSER: connection.user,
    PGPASSWORD: connection.password,
    PGDATABASE: connection.database,
    PGSSLMODE: connection.ssl,
    PGAPPNAME: 'stocks-research backup',
    PGOPTIONS: options.join(' '),
    PGCLIENTENCODING: 'UTF8',
    PGHOSTADDR: undefined,
    PGSERVICE: undefined,
    PGSERVICEFILE: undefined,
    PGPASSFILE: undefined,
    LC_MESSAGES: 'C',
  }
}
