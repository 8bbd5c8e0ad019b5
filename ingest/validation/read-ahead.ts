/** `items` in runs of at most `size`. */
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
    next?.catch(() => {}) // Whoever awaits it next hears of it; when nobody does, another error was first.
    yield current
  }
}
