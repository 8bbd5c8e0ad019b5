/** Names of what one process makes and removes: what a killed process left is known by its name. */
import { createHash, randomBytes } from 'node:crypto'
import { readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { isAlive } from './process.ts'

const ABANDONED_MS = 24 * 3_600_000

/** `prefix`, and the time, a random number, the machine and the process. */
export const ownedName = (prefix: string, now = new Date(), pid = process.pid): string =>
  `${prefix}${now.toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}_${randomBytes(4).toString('hex')}_` +
  `${machine()}_${pid}`

/** Where process ids mean the same: the host, and on Linux the namespace of its processes. */
function machine(): string {
  let namespace = ''
  try {
    namespace = readlinkSync('/proc/self/ns/pid')
  } catch {
    // Another system, which has none.
  }
  return createHash('sha256').update(`${hostname()} ${namespace}`).digest('hex').slice(0, 8)
}

/** Whether who made it is gone: a process of this machine that has ended; of another machine, a day old. */
export function isAbandoned(name: string, now: Date): boolean {
  const [, host, pid] = /_([0-9a-f]{8})_([0-9]+)$/.exec(name) ?? []
  if (host === machine() && !isAlive(Number(pid))) return true
  return now.getTime() - madeAt(name) > ABANDONED_MS
}

function madeAt(name: string): number {
  const digits = /[0-9]{14}(?=_[0-9a-f]{8}(_|$))/.exec(name)?.[0] ?? ''
  return Date.parse(digits.replace(/^(....)(..)(..)(..)(..)(..)$/, '$1-$2-$3T$4:$5:$6Z'))
}
