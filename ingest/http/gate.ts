/** Lets at most `places` tasks in at once, in the order in which they came. */
export interface Gate {
  through<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>
}

export function openGate(places: number): Gate {
  let inside = 0
  const waiting: (() => void)[] = []
  async function enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (inside < places) {
      inside++
      return
    }
    await new Promise<void>((resolve, reject) => {
      const admit = (): void => {
        signal.removeEventListener('abort', leaveQueue)
        resolve()
      }
      const leaveQueue = (): void => {
        waiting.splice(waiting.indexOf(admit), 1)
        reject(signal.reason)
      }
      waiting.push(admit)
      signal.addEventListener('abort', leaveQueue, { once: true })
    })
  }
  function leave(): void {
    const next = waiting.shift()
    // A place goes from hand to hand, so that nobody slips in between.
    if (next === undefined) inside--
    else next()
  }
  return {
    async through(work, signal) {
      await enter(signal)
      try {
        return await work()
      } finally {
        leave()
      }
    },
  }
}
