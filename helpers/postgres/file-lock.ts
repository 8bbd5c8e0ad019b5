import { link, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { PreconditionError } from '../core/errors.ts'
import { isAlive } from '../core/process.ts'

const POLL_MS = 100
const WAIT_MAX_MS = 240_000
// A lock without a process in it is one that was killed between creating and writing.
const EMPTY_MAX_MS = 5000

/**
 * Runs `work` while no other process of this machine holds `file`. A lock whose process is gone is taken
 * over.
 */
export async function withFileLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + WAIT_MAX_MS
  while (!(await take(file))) {
    const text = await readFile(file, 'utf8').catch(() => '')
    const holder = Number(text.trim())
    const age_ms = Date.now() - ((await stat(file).catch(() => undefined))?.mtimeMs ?? Date.now())
    if (holder > 0 ? !isAlive(holder) || age_ms > WAIT_MAX_MS : age_ms > EMPTY_MAX_MS)
      await takeAway(file, text)
    else if (performance.now() > deadline)
      throw new PreconditionError(
        `${file} has been held by process ${holder} for ${Math.round(age_ms / 1000)} s. ` +
          'If that process hangs, end it, and try again.',
      )
    else await sleep(POLL_MS)
  }
  try {
    return await work()
  } finally {
    await takeAway(file, `${process.pid}\n`)
  }
}

/**
 * Removes the lock that says `text`. One that says something else has been taken anew meanwhile, and is put
 * back.
 */
async function takeAway(file: string, text: string): Promise<void> {
  const aside = `${file}.${process.pid}`
  if (
    !(await rename(file, aside).then(
      () => true,
      () => false,
    ))
  )
    return // Somebody else was faster.
  if ((await readFile(aside, 'utf8')) !== text) await link(aside, file).catch(() => {})
  await rm(aside, { force: true })
}

const take = (file: string): Promise<boolean> =>
  writeFile(file, `${process.pid}\n`, { flag: 'wx' }).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST' || error.code === 'EPERM') return false
      throw error
    },
  )
