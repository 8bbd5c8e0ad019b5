/**
 * Works on the items of one queue, in their order, `count` at once. After a failure nobody takes another item
 * and `signal` asks those under way to stop; the failure is thrown once all of them have, so that nobody
 * writes behind the back of whoever ends the run.
 *
 * @param signal of the run: an abort is a failure like any other.
 */
export async function inParallel<T>(
  items: Iterable<T>,
  count: number,
  signal: AbortSignal,
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const queue = items[Symbol.iterator]()
  const failed = new AbortController()
  const stop = AbortSignal.any([signal, failed.signal])
  const worker = async (): Promise<void> => {
    for (let next = queue.next(); next.done !== true; next = queue.next()) {
      stop.throwIfAborted()
      await work(next.value, stop)
    }
  }
  // The first failure is the reason of the abort: what it does to the others is no news.
  await Promise.all(
    Array.from({ length: count }, () => worker().catch((error: unknown) => failed.abort(error))),
  )
  failed.signal.throwIfAborted()
}
