import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT_DIRECTORY } from '../../config/config.ts'

/** A question of the cookbook, with its query. */
export interface Recipe {
  readonly number: number
  readonly title: string
  readonly sql: string
  /** The text below the query. */
  readonly text: string
}

/** The questions of docs/cookbook.md, in the order of the page. */
export function readCookbook(): Recipe[] {
  const page = readFileSync(join(ROOT_DIRECTORY, 'docs', 'cookbook.md'), 'utf8')
  const parts = page.split(/^## (?=\d)/m).slice(1)
  return parts.map((part) => {
    const [, number = '', title = ''] = /^(\d+)\. (.*)$/m.exec(part) ?? []
    const [, sql = ''] = /```sql\n(.*?)\n```/s.exec(part) ?? []
    return { number: Number(number), title, sql, text: part.slice(part.lastIndexOf('```')) }
  })
}

/**
 * The query with its variables replaced as psql does it: `:'name'` is a quoted literal, `:name` the text.
 *
 * @throws RangeError for a variable without a value, and for a value that the query does not use.
 */
export function withVariables(sql: string, values: Readonly<Record<string, string>>): string {
  const used = new Set<string>()
  const lookUp = (name: string): string => {
    const value = values[name]
    if (value === undefined) throw new RangeError(`the query has the variable "${name}", and no value for it`)
    used.add(name)
    return value
  }
  const filled = sql
    .replace(/(?<!:):'(\w+)'/g, (_, name: string) => `'${lookUp(name).replaceAll("'", "''")}'`)
    .replace(/(?<![:\w]):([a-z]\w*)/g, (_, name: string) => lookUp(name))
  const unused = Object.keys(values).filter((name) => !used.has(name))
  if (unused.length > 0) throw new RangeError(`the query does not use ${unused.join(', ')}`)
  return filled
}
