/**
 * Calls `beat` every so many milliseconds, never while the last call is under way. Gives the way to stop it,
 * which waits for that one: whoever shares a session with it may use it again then, since a session answers
 * one query at a time.
 */
export function startHeart(
  beat: () => Promise<void>,
  interval_ms: number,
  onError: (error: unknown) => void,
): () => Promise<void> {
  let under_way: Promise<void> | undefined
  const timer = setInterval(() => {
    under_way ??= beat()
      .catch(onError)
      .finally(() => {
        under_way = undefined
      })
  }, interval_ms)
  return async () => {
    clearInterval(timer)
    await under_way
  }
}
