import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const read = new Map<string, string>()

/**
 * The text of `<folder>/<name>.sql`. A long statement is a file of its own, so that an editor colours it and
 * `psql -f` runs it.
 *
 * `fragments` replaces psql's variables, written `:name` in the file: names of tables, lists of columns,
 * other SQL. Values are never fragments: they are the parameters `$1`, `$2` … of the statement. A cast
 * (`::text`) is not a variable.
 *
 * @throws TypeError for a fragment that the file does not use, and for a variable of the file without a
 *   fragment: a statement is never sent incomplete.
 */
export function queryFile(
  folder: string,
  name: string,
  fragments: Readonly<Record<string, string>> = {},
): string {
  const path = join(folder, `${name}.sql`)
  const text = read.get(path) ?? readFileSync(path, 'utf8')
  read.set(path, text)
  const unused = new Set(Object.keys(fragments))
  const missing = new Set<string>()
  const filled = text.replace(VARIABLE, (whole, before: string, variable: string) => {
    const fragment = fragments[variable]
    if (fragment === undefined) {
      missing.add(variable)
      return whole
    }
    unused.delete(variable)
    return `${before}${fragment}`
  })
  if (missing.size > 0) throw new TypeError(`${name}.sql needs ${[...missing].join(', ')}.`)
  if (unused.size > 0) throw new TypeError(`${name}.sql has no ${[...unused].join(', ')}.`)
  return filled
}

/**
 * A colon and a name; not after another colon, a letter, a digit or a quotation mark: `::text`, `12:30` and
 * `':x'` are not variables.
 */
const VARIABLE = /(^|[^:\w'"]):([a-z_][a-z0-9_]*)/g
