/**
 * Reading for a recomputation: in batches, so that memory is bounded whatever the universe; ahead, so that
 * the server works while the code computes; and each column of a group in one text, since a driver spends
 * more on a row than a recomputation does on its content.
 */
const SEPARATOR = '\x1f'
/** As COPY writes a null. */
const NULL = '\\N'

export type Columns<K extends string> = { readonly [name in K]: string }

/** Select list that gathers columns of `r`, in the order of its rows. */
export const gathered = (names: readonly string[]): string =>
  names.map((name) => `array_to_string(array_agg(r.${name}), E'\\x1f', '${NULL}') as ${name}`).join(', ')

/**
 * The rows of one group. Every value is text, or null.
 *
 * @throws TypeError when a value contains the separator itself, so that the columns differ in length.
 */
export function rowsOf<
  R extends { readonly [name in K]: string | null },
  K extends string = Extract<keyof R, string>,
>(columns: Columns<K>, names: readonly K[]): R[] {
  const split = names.map((name) => columns[name].split(SEPARATOR))
  if (split.some(({ length }) => length !== split[0]?.length)) {
    throw new TypeError(
      `A value of ${names.join(', ')} contains the control character U+001F. ` +
        'Fix it in the source, then load it again.',
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

/** `items` in batches of at most `size`. */
export const batchesOf = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, batch) =>
    items.slice(batch * size, (batch + 1) * size),
  )

/**
 * What `read` gives for each item, in order. The server works on the next one while the caller computes on
 * this one; two are in memory.
 */
export async function* readAhead<T, R>(
  items: readonly T[],
  read: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  let next: Promise<R> | undefined
  for (const [index, item] of items.entries()) {
    const current = await (next ?? read(item))
    const following = items[index + 1]
    next = following === undefined ? undefined : read(following)
    next?.catch(() => {}) // Its error is thrown when it is awaited; if it never is, another error came first.
    yield current
  }
}
