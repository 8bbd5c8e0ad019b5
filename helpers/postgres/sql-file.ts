import { StocksError } from '../core/errors.ts'
import type { Database } from './database.ts'

/** PostgreSQL refused a statement of a file. */
export class MigrationError extends StocksError {
  readonly transient = false
  readonly file: string
  /** Line of the fault, counted from 1; null when PostgreSQL did not say where. */
  readonly line: number | null
  readonly sqlstate: string | undefined
  constructor(file: string, line: number | null, sql: string, cause: Error & PostgresFault) {
    const place = line === null ? file : `${file}:${line}`
    const extra = [
      cause.detail && `detail: ${cause.detail}`,
      cause.hint && `hint: ${cause.hint}`,
      cause.where && `where: ${cause.where}`,
    ]
    const lines = line === null ? [] : [`  ${line} | ${sql.split('\n')[line - 1] ?? ''}`]
    super(
      [
        `${place}: ${cause.message}${cause.code === undefined ? '' : ` (SQLSTATE ${cause.code})`}`,
        ...lines,
        ...extra.filter(Boolean).map((text) => `  ${text}`),
      ].join('\n'),
      { cause },
    )
    this.file = file
    this.line = line
    this.sqlstate = cause.code
  }
}

interface PostgresFault {
  readonly code?: string
  readonly detail?: string
  readonly hint?: string
  readonly where?: string
  readonly position?: string
}

/** Runs all statements of a file in one go on this session, and says where it failed. */
export async function executeFile(
  db: Database,
  { name, sql }: { readonly name: string; readonly sql: string },
): Promise<void> {
  const client = db.client()
  // PostgreSQL gives a place only for what it can parse wrong. For the rest (a violated key) we count what
  // was done before.
  const connection = (client as unknown as { connection?: NodeJS.EventEmitter }).connection
  let done = 0
  const count = (): void => {
    done += 1
  }
  connection?.on('commandComplete', count)
  try {
    await client.query(sql)
  } catch (error) {
    const fault = error as Error & PostgresFault
    const statement = connection === undefined ? undefined : statementsOf(sql)[done]
    const line =
      fault.position === undefined ? (statement?.line ?? null) : lineOf(sql, Number(fault.position))
    throw new MigrationError(name, line, sql, fault)
  } finally {
    connection?.off('commandComplete', count)
  }
}

/** PostgreSQL counts characters, from 1; JavaScript counts UTF-16 units. */
const lineOf = (sql: string, position: number): number =>
  [...sql].slice(0, position - 1).filter((character) => character === '\n').length + 1

// What may hold a semicolon that ends nothing: line and block comments, strings, quoted names, dollar quotes.
const TOKEN = new RegExp(
  [
    /--[^\n]*/,
    /\/\*.*?\*\//,
    /[eE]'(?:[^'\\]|\\.|'')*'/,
    /'(?:[^']|'')*'/,
    /"(?:[^"]|"")*"/,
    /(\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$).*?\1/,
    /;/,
    /[^\s;'"$/-]+/,
    /./,
  ]
    .map(({ source }) => source)
    .join('|'),
  'gs',
)

/**
 * The statements of a file with the line that each begins on. For messages and counts, not for running them.
 */
export function statementsOf(sql: string): { readonly line: number; readonly text: string }[] {
  const statements: { line: number; text: string }[] = []
  let line = 1
  let current: { line: number; text: string } | undefined
  for (const [token] of sql.matchAll(TOKEN)) {
    const is_blank = /^(\s|--|\/\*)/.test(token)
    if (token === ';') {
      if (current !== undefined) statements.push(current)
      current = undefined
    } else if (current !== undefined) current.text += token
    else if (!is_blank) current = { line, text: token }
    line += token.split('\n').length - 1
  }
  if (current !== undefined) statements.push(current)
  return statements
}
