import { setTimeout as sleep } from 'node:timers/promises'

const CONNECT_PATIENCE_MS = 5_000

/**
 * The result of `attempt`, which is repeated for five seconds, each time after twice the wait, while it fails
 * with what ends by itself: other sessions end, and a server that starts has started, in a moment.
 */
export async function patiently<T>(
  attempt: () => Promise<T>,
  isPassing: (error: unknown) => boolean,
): Promise<T> {
  const deadline = performance.now() + CONNECT_PATIENCE_MS
  for (let wait_ms = 100; ; wait_ms *= 2) {
    try {
      return await attempt()
    } catch (error) {
      if (!isPassing(error) || performance.now() + wait_ms > deadline) throw error
      await sleep(wait_ms)
    }
  }
}
