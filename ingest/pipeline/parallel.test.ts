import { expect, it } from 'vitest'
import { inParallel } from './parallel.ts'

const NEVER = new AbortController().signal

it('works on every item once, so many at once', async () => {
  const done = [] as number[]
  const most = { now: 0, ever: 0 }
  await inParallel([1, 2, 3, 4, 5], 2, NEVER, async (item) => {
    most.ever = Math.max(most.ever, ++most.now)
    await null
    most.now -= 1
    done.push(item)
  })
  expect(done).toEqual([1, 2, 3, 4, 5])
  expect(most.ever).toBe(2)
})

it('throws the first failure once those under way have stopped, and takes no other item', async () => {
  const told: string[] = []
  const work = inParallel(['fails', 'goes on', 'never'], 2, NEVER, async (item, signal) => {
    told.push(`${item} begins`)
    if (item === 'fails') throw new Error('It failed.')
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    await new Promise(setImmediate)
    told.push(`${item} has stopped`)
  })
  await expect(work).rejects.toThrow('It failed.')
  expect(told).toEqual(['fails begins', 'goes on begins', 'goes on has stopped'])
})

it('throws the first failure, and not what it did to the others', async () => {
  const work = inParallel(['is told', 'fails'], 2, NEVER, async (item, signal) => {
    if (item === 'fails') throw new Error('It failed.')
    await new Promise((_, reject) =>
      signal.addEventListener('abort', () => reject(new Error('Told to stop.'))),
    )
  })
  await expect(work).rejects.toThrow('It failed.')
})

it('ends with the reason of the run when the run is asked to stop', async () => {
  const stop = new AbortController()
  const work = inParallel([1, 2], 1, stop.signal, async () => stop.abort(new Error('Enough.')))
  await expect(work).rejects.toThrow('Enough.')
})
