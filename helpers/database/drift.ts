import { createHash, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Connection } from '../config/connection.ts'
import { DatabaseError, messageOf, PreconditionError } from '../core/errors.ts'
import { withDatabase } from '../postgres/database.ts'
import { queryFile } from '../postgres/query-file.ts'
import { quoteIdentifier, quoteLiteral } from '../postgres/sql.ts'
import { findTools, runTool, type Tool, ToolError } from '../postgres/tools.ts'
import { migrate } from './migrate.ts'
import { OWN_SCHEMA } from './scope.ts'
import { dropDatabase } from './scratch.ts'

const PURPOSE = 'stocks-research schema comparison of '

/** An object of the schema that is not as the migrations make it. */
export interface DriftedObject {
  /** Kind and name, e.g. `TABLE stocks_research.securities`. */
  readonly object: string
  readonly difference: 'missing' | 'unexpected' | 'changed'
  /** Its definition, as pg_dump writes it; null where it is not. */
  readonly expected: string | null
  readonly found: string | null
}

export interface Drift {
  /**
   * SHA-256 of the normalised schema: of what the migrations make, and of the live one. Equal when nothing
   * drifted.
   */
  readonly expected_sha256: string
  readonly found_sha256: string
  readonly objects: readonly DriftedObject[]
}

/**
 * Compares the live schema with what the migrations make: applies them to a scratch database on the same
 * server, which is dropped again, and compares both `pg_dump --schema-only`, object by object. Owners and
 * privileges are not compared, nor is what users made in schema research.
 *
 * @throws PreconditionError when the role of the connection may not: it needs to create databases and to read
 *   this one.
 */
export const driftOf = (connection: Connection, directory: string): Promise<Drift> =>
  compare(connection, directory).catch((error: unknown) => {
    if (!isRefusal(error)) throw error
    throw new PreconditionError(
      `${connection.user} may not compare the schema of ${connection.database}: ` +
        `${messageOf(error)}\nThis needs a role that may create a database, for the scratch ` +
        `copy, and read all of ${connection.database}: the one that built it. None of the ` +
        'roles admin, owner, ingest, reader and analyst may do both. Name it in PGUSER and PGPASSWORD.',
      { cause: error },
    )
  })

const INSUFFICIENT_PRIVILEGE = '42501'
const isRefusal = (error: unknown): boolean =>
  (error instanceof DatabaseError && error.sqlstate === INSUFFICIENT_PRIVILEGE) ||
  (error instanceof ToolError && error.result.stderr.includes('permission denied'))

async function compare(connection: Connection, directory: string): Promise<Drift> {
  await removeAbandoned(connection)
  const database = `drift_${randomBytes(6).toString('hex')}`
  const pg_dump = await withDatabase(connection, async (db) => {
    const facts = await db.one<{ version: string; collation: string; ctype: string }>(
      `select split_part(current_setting('server_version'), ' ', 1) as version,
              datcollate as collation, datctype as ctype
         from pg_database where datname = current_database()`,
    )
    const tools = await findTools(facts.version)
    await db.execute(
      `create database ${quoteIdentifier(database)} template template0 encoding 'UTF8'
         lc_collate ${quoteLiteral(facts.collation)} lc_ctype ${quoteLiteral(facts.ctype)}`,
    )
    await db.execute(
      `comment on database ${quoteIdentifier(database)} is '${PURPOSE}${new Date().toISOString()}'`,
    )
    return tools.pg_dump
  })
  try {
    await migrate({ ...connection, database }, directory)
    const [expected, found] = await Promise.all([
      schemaOf(pg_dump, { ...connection, database }),
      schemaOf(pg_dump, connection),
    ])
    return {
      expected_sha256: hashOf(expected),
      found_sha256: hashOf(found),
      objects: differences(expected, found),
    }
  } finally {
    await dropDatabase(connection, database)
  }
}

/**
 * Scratch databases of comparisons that were killed: marked by their comment, old, and nobody is connected.
 */
async function removeAbandoned(connection: Connection): Promise<void> {
  await withDatabase(connection, async (db) => {
    const abandoned = await db.rows<{ name: string }>(
      queryFile(join(import.meta.dirname, 'sql'), 'abandoned-copies'),
      [PURPOSE, PURPOSE.length + 1],
    )
    for (const { name } of abandoned) await db.execute(`drop database if exists ${quoteIdentifier(name)}`)
  })
}

/** The schema of a database as pg_dump writes it, by object. */
async function schemaOf(pg_dump: Tool, connection: Connection): Promise<Map<string, string>> {
  const { stdout } = await runTool(pg_dump, ['--schema-only', '--no-owner', '--no-privileges'], connection)
  return objectsOf(stdout)
}

// pg_dump writes this line before each object.
const HEADER = /^-- Name: (.*); Type: (.*); Schema: (.*); Owner: .*$/

/**
 * Splits a plain schema dump at its object headers. What varies between two dumps of one schema is left out.
 */
export function objectsOf(dump: string): Map<string, string> {
  const objects = new Map<string, string[]>()
  let lines: string[] = []
  for (const line of dump.split(/\r?\n/)) {
    const header = HEADER.exec(line)
    if (header !== null) {
      const [, name, kind, schema] = header
      lines = []
      // What users made is no part of the schema that migrations make.
      if (schema !== OWN_SCHEMA) objects.set(`${kind} ${schema === '-' ? '' : `${schema}.`}${name}`, lines)
    } else if (!isNoise(line)) lines.push(line)
  }
  return new Map([...objects].map(([object, body]) => [object, body.join('\n').trim()]))
}

/**
 * `\restrict` keys are random; default settings and empty comments belong to the order of objects, not to an
 * object.
 */
const isNoise = (line: string): boolean =>
  /^\\(un)?restrict /.test(line) ||
  /^SET default_(tablespace|table_access_method) = /.test(line) ||
  line === '--' ||
  /^-- (Dumped|PostgreSQL database dump)/.test(line)

const hashOf = (objects: ReadonlyMap<string, string>): string =>
  createHash('sha256')
    .update(JSON.stringify([...objects].toSorted(([a], [b]) => (a < b ? -1 : 1))))
    .digest('hex')

function differences(
  expected: ReadonlyMap<string, string>,
  found: ReadonlyMap<string, string>,
): DriftedObject[] {
  return [...new Set([...expected.keys(), ...found.keys()])].toSorted().flatMap((object) => {
    const wanted = expected.get(object) ?? null
    const live = found.get(object) ?? null
    if (wanted === live) return []
    return [{ object, difference: differenceOf(wanted, live), expected: wanted, found: live }]
  })
}

function differenceOf(expected: string | null, found: string | null): DriftedObject['difference'] {
  if (found === null) return 'missing'
  return expected === null ? 'unexpected' : 'changed'
}
