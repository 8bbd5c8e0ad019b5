/**
 * Rows by groups, each column of a group in one text. A driver spends more on a row than a recomputation does
 * on what is in it; a text that is split again costs a third of that.
 */
const SEPARATOR = '\x1f'
/** As COPY writes a null. */
const NULL = '\\N'

export type Columns<K extends string> = { readonly [name in K]: string }

/** Select list that gathers columns of `r`, in the order in which the rows come. */
export const gathered = (names: readonly string[]): string =>
  names.map((name) => `array_to_string(array_agg(r.${name}), E'\\x1f', '${NULL}') as ${name}`).join(', ')

/**
 * The rows of one group again. Every value is text, or null.
 *
 * @throws TypeError when a value holds the separator itself, and the columns no longer stand side by side.
 */
export function rowsOf<
  R extends { readonly [name in K]: string | null },
  K extends string = Extract<keyof R, string>,
>(columns: Columns<K>, names: readonly K[]): R[] {
  const split = names.map((name) => columns[name].split(SEPARATOR))
  if (split.some(({ length }) => length !== split[0]?.length)) {
    throw new TypeError(
      `A value of ${names.join(', ')} holds the control character U+001F; repair it where it came from, and load it again.`,
    )
  }
  return (split[0] ?? []).map((_, at) => {
    const row: { [name in K]?: string | null } = {}
    for (const [column, name] of names.entries()) {
      const value = split[column]?.[at] ?? NULL
      row[name] = value === NULL ? null : value
    }
    return row as R
  })
}
