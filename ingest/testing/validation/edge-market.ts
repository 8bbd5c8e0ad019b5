import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { withDatabase } from '../../../helpers/postgres/database.ts'
import { queryFile } from '../../../helpers/postgres/query-file.ts'
import { filledDatabase, type Scratch } from '../../../helpers/testing/scratch.ts'
import { loadCalendar } from '../../calendar/load.ts'

/** Something at the edge of what a check finds. */
export interface EdgeCase {
  readonly title: string
  /** Statements that put it into the market of `edgeMarket`. */
  readonly sql: string
  /** The rows that the check must return, each with its values in their order, joined by " | ". */
  readonly finds: readonly string[]
}

const FOLDER = join(import.meta.dirname, 'edges')

/** The market of `sql/edge-market.sql`, in which no check finds anything. */
export const edgeMarket = (): Promise<Scratch> =>
  filledDatabase('edge_market', (connection) =>
    withDatabase(connection, async (db) => {
      await db.transaction((tx) => loadCalendar(tx, { today: '2022-01-03' }))
      await db.execute(queryFile(join(import.meta.dirname, 'sql'), 'edge-market'))
    }),
  )

/** The cases of each check: `edges/<check>.sql`. */
export function edgeCases(): ReadonlyMap<string, readonly EdgeCase[]> {
  const files = readdirSync(FOLDER).toSorted()
  return new Map(files.map((file) => [basename(file, '.sql'), casesOf(join(FOLDER, file))]))
}

/**
 * A case is a comment and statements. The comment begins with `-- case: <title>`; then `-- finds: nothing`,
 * or `-- finds: <row>` for each row, which `--   | <values>` continues.
 */
function casesOf(file: string): EdgeCase[] {
  const [before = '', ...parts] = readFileSync(file, 'utf8').split(/^-- case: /m)
  if (/^(?!--)./m.test(before)) throw new TypeError(`${file}: begin with "-- case: " and a title`)
  return parts.map((part) => {
    const [title = '', ...lines] = part
      .replaceAll(/\n-- {3}\| /g, ' | ')
      .trimEnd()
      .split('\n')
    const found = lines.flatMap((line) => /^-- finds: (.+)$/.exec(line)?.[1] ?? [])
    if (found.length === 0) throw new TypeError(`${file}: "${title}" has no "-- finds: "`)
    const sql = lines.filter((line) => !line.startsWith('-- finds: ')).join('\n')
    return { title, sql, finds: found[0] === 'nothing' ? [] : found }
  })
}

/** A row as cases state it: its values in the order of its columns. */
const rowText = (row: Readonly<Record<string, unknown>>): string =>
  Object.values(row)
    .map((value) => (typeof value === 'object' ? JSON.stringify(value) : String(value)))
    .join(' | ')

/** What a query returns, as the case states it: of a stated row that ends with "…" its beginning counts. */
export function asStated(rows: readonly Readonly<Record<string, unknown>>[], { finds }: EdgeCase): string[] {
  return rows.map((row) => {
    const text = rowText(row)
    return finds.find((stated) => stated.endsWith('…') && text.startsWith(stated.slice(0, -1))) ?? text
  })
}
