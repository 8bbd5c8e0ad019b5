import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection } from '../config/connection.ts'
import {
  DatabaseError,
  messageOf,
  PreconditionError,
  RefusedError,
  VerificationError,
} from '../core/errors.ts'
import { type Database, withDatabase } from '../postgres/database.ts'
import { queryFile } from '../postgres/query-file.ts'
import type { Server } from '../postgres/server.ts'
import { quoteLiteral } from '../postgres/sql.ts'
import { runTool, type ToolResult, type Tools } from '../postgres/tools.ts'
import { dropPolicy, inspectTarget, type Mark, type Mode, readMark, targetIdentifier } from './target.ts'

const SESSIONS_WAIT_MS = 10_000
const OUR_SESSION = /^(stocks-research|run \S+ )/

/** A backup of the target that has been verified, as proof that it may be dropped. */
export interface SafetyBackup {
  readonly file: string
  readonly sha256: string
  /** The database it is of, and its cluster; null where we were not allowed to ask. */
  readonly database: string
  readonly system_identifier: string | null
}

export interface DropOptions {
  readonly tools: Tools
  /** Proves that this run still holds the lock of the target; asked right before the drop. */
  readonly assertHeld: () => Promise<void>
  readonly confirm_drop: string | undefined
  readonly backup: SafetyBackup | undefined
  /** How long sessions of the target may take to end by themselves; 10 seconds by default. */
  readonly sessions_wait_ms?: number
  readonly signal?: AbortSignal
}

/**
 * Drops the target with `dropdb` when `dropPolicy` allows it; null when there is none. The policy is asked
 * again here, so that nothing which changed since the first look is lost.
 *
 * @throws RefusedError (policy, backup, lock), PreconditionError that names the sessions of others,
 *   ToolError.
 */
export async function dropTarget(server: Server, options: DropOptions): Promise<ToolResult | null> {
  targetIdentifier(server.connection)
  const target = await inspectTarget(server)
  const { needs_backup } = dropPolicy(target, options.confirm_drop)
  if (target.state === 'absent') return null
  if (needs_backup) await requireBackup(server, options.backup)
  await options.assertHeld()
  const is_forced = await awaitSessions(server, options.sessions_wait_ms ?? SESSIONS_WAIT_MS)
  await options.assertHeld()
  const { database } = server.connection
  const args = [
    `--maintenance-db=${server.maintenance.database}`,
    ...(is_forced ? ['--force'] : []),
    '--',
    database,
  ]
  return runTool(options.tools.dropdb, args, server.maintenance, { signal: options.signal })
}

export interface CreateOptions {
  readonly tools: Tools
  readonly assertHeld: () => Promise<void>
  readonly run_id: string
  readonly mode: Mode
  readonly signal?: AbortSignal
}

/** Creates the empty target with `createdb` (UTF8, byte order of text) and marks it as ours at once. */
export async function createTarget(server: Server, options: CreateOptions): Promise<ToolResult> {
  targetIdentifier(server.connection)
  await options.assertHeld()
  const { database } = server.connection
  const args = [
    `--maintenance-db=${server.maintenance.database}`,
    '--template=template0',
    '--encoding=UTF8',
    '--locale=C',
    '--',
    database,
  ]
  const result = await runTool(options.tools.createdb, args, server.maintenance, { signal: options.signal })
  await markDatabase(server, options)
  return result
}

/** Writes the mark on the database, e.g. on one that was restored for the product. */
export async function markDatabase(
  server: Server,
  { run_id, mode }: { readonly run_id: string; readonly mode: Mode },
): Promise<Mark> {
  const { system_identifier } = await server.describe()
  const mark: Mark = {
    product: 'stocks-research',
    mode,
    run_id,
    made_at: new Date().toISOString(),
    system_identifier,
  }
  await withDatabase(server.maintenance, async (db) => {
    const text = quoteLiteral(JSON.stringify(mark))
    await db.execute(`comment on database ${targetIdentifier(server.connection)} is ${text}`)
  })
  return mark
}

/** The mark on the target as it stands; null when there is none. */
export const readMarkOf = (server: Pick<Server, 'connection' | 'maintenance'>): Promise<Mark | null> =>
  withDatabase(server.maintenance, async (db) => {
    const [row] = await db.rows<{ comment: string | null }>(
      "select shobj_description(oid, 'pg_database') as comment from pg_database where datname = $1",
      [server.connection.database],
    )
    return readMark(row?.comment ?? null)
  })

/**
 * For commands that work on what the checklist has built.
 *
 * @throws PreconditionError when the target is not there, or has no schema of ours.
 */
export async function requireBuilt(connection: Connection): Promise<void> {
  const lack = await withDatabase(connection, async (db) => {
    const found = await db.rows("select from pg_tables where schemaname = 'ingestion' and tablename = 'runs'")
    return found.length > 0 ? undefined : 'has no schema of this product yet'
  }).catch((error: unknown) => {
    if (error instanceof DatabaseError && error.sqlstate === INVALID_CATALOG_NAME) return 'does not exist yet'
    throw error
  })
  if (lack !== undefined)
    throw new PreconditionError(
      `The database ${connection.database} ${lack}. Run npx vitest run phases first: it builds and loads it.`,
    )
}
const INVALID_CATALOG_NAME = '3D000'

/** Writes the one row of ingestion.environment, after the migrations. A second call changes nothing. */
export async function recordEnvironment(
  db: Database,
  {
    mode,
    run_id,
    product_version,
  }: { readonly mode: Mode; readonly run_id: string; readonly product_version: string },
): Promise<void> {
  await db.rows(
    `insert into ingestion.environment (mode, made_by_run_id, product_version) values ($1, $2, $3)
     on conflict do nothing`,
    [mode, run_id, product_version],
  )
}

/** Seals the database: dropdb refuses it, forced or not, until the seal is taken off by hand. */
export const sealTarget = (
  server: Pick<Server, 'connection' | 'maintenance'>,
  is_sealed = true,
): Promise<void> =>
  withDatabase(server.maintenance, (db) =>
    db.execute(`alter database ${targetIdentifier(server.connection)} is_template ${is_sealed}`),
  )

export interface Seal {
  readonly is_sealed: boolean
  /** How it is taken off again; null where there is none. */
  readonly unseal: string | null
}

/**
 * Seals a live database of which everything that was claimed has held. A rehearsal, and a database of files
 * that are still at hand, stay droppable by the next run without a hand.
 */
export async function sealFinished(
  server: Pick<Server, 'connection' | 'maintenance'>,
  {
    mode,
    boxes_failed,
    assertHeld,
  }: { readonly mode: Mode; readonly boxes_failed: number; readonly assertHeld: () => Promise<void> },
): Promise<Seal> {
  if (mode !== 'live' || boxes_failed > 0) return { is_sealed: false, unseal: null }
  await assertHeld()
  await sealTarget(server)
  return {
    is_sealed: true,
    unseal:
      `in psql on the database ${server.maintenance.database}: alter database ` +
      `${server.connection.database} is_template false;`,
  }
}

async function requireBackup(server: Server, backup: SafetyBackup | undefined): Promise<void> {
  const { database } = server.connection
  if (backup === undefined)
    throw new RefusedError(
      `${database} contains data and is dropped only after a verified backup of it; there is none.`,
    )
  const { system_identifier } = await server.describe()
  if (
    backup.database !== database ||
    (backup.system_identifier !== null &&
      system_identifier !== null &&
      backup.system_identifier !== system_identifier)
  )
    throw new RefusedError(
      `${backup.file} is a backup of ${backup.database} on another server or under another ` +
        `name; ${database} is not dropped on the strength of it.`,
    )
  const hash = createHash('sha256')
  await pipeline(createReadStream(backup.file), hash).catch((error: Error) => {
    throw new VerificationError(
      `The backup ${backup.file} cannot be read (${messageOf(error)}); ${database} is not dropped.`,
      {
        cause: error,
      },
    )
  })
  const sha256 = hash.digest('hex')
  if (sha256 !== backup.sha256)
    throw new VerificationError(
      `The backup ${backup.file} has changed since it was verified (SHA-256 was ` +
        `${backup.sha256}, is ${sha256}); ${database} is not dropped.`,
    )
}

type Session = {
  pid: number
  usename: string | null
  application_name: string
  client: string
  statement: string | null
}

/**
 * Waits until nobody is connected to the target. True when all that is left are statements of our own which
 * have run since we began to wait: those of a killed run that PostgreSQL has not noticed yet. They may be
 * ended by force, since the lock says that no other run is at work. Whoever else is there, a living process
 * of ours too, is named instead.
 */
async function awaitSessions(server: Server, wait_ms: number): Promise<boolean> {
  const { database } = server.connection
  const deadline = performance.now() + wait_ms
  const first = new Map(
    (await sessionsOf(server.maintenance, database)).map((session) => [session.pid, session]),
  )
  for (;;) {
    const sessions = await sessionsOf(server.maintenance, database)
    if (sessions.length === 0) return false
    if (performance.now() > deadline) {
      const others = sessions.filter((each) => {
        const isStuck = each.statement !== null && each.statement === first.get(each.pid)?.statement
        return !(isStuck && OUR_SESSION.test(each.application_name))
      })
      if (others.length === 0) return true
      const list = others.map(
        ({ pid, usename, application_name, client }) =>
          `  - backend ${pid}: ${usename ?? 'unknown'}, ` +
          `${application_name || 'no application name'}, from ${client}`,
      )
      throw new PreconditionError(
        `${database} is in use and is not dropped. Close these sessions, then run again:\n${list.join('\n')}`,
      )
    }
    await sleep(250)
  }
}

/**
 * Client sessions on a database; `statement` is when the running one began, null for a session that waits for
 * its client.
 */
const sessionsOf = (maintenance: Connection, database: string): Promise<Session[]> =>
  withDatabase(maintenance, (db) =>
    db.rows<Session>(queryFile(join(import.meta.dirname, 'sql'), 'client-sessions'), [database]),
  )
