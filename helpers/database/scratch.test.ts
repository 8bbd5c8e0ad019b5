import { once } from 'node:events'
import { execa } from 'execa'
import { afterEach, expect, inject, test } from 'vitest'
import { dropDatabase, isThere, onServer, scratchName, sweepScratchDatabases } from './scratch.ts'

const made: string[] = []
afterEach(async () => {
  for (const name of made.splice(0)) await dropDatabase(inject('testServer'), name)
})

async function make(name: string): Promise<string> {
  made.push(name)
  await onServer(inject('testServer'), (db) => db.execute(`create database ${name} template template0`))
  return name
}
/** The id of a process that was killed. */
async function killed(): Promise<number> {
  const child = execa(process.execPath, ['-e', 'setInterval(() => {}, 1000); console.log(1)'], {
    reject: false,
  })
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await child
  return child.pid ?? 0
}
const HOUR_MS = 3_600_000
const ago = (ms: number): Date => new Date(Date.now() - ms)

test('a scratch database of a killed process is dropped by the next run, however young it is', async () => {
  const server = inject('testServer')
  const abandoned = await make(scratchName(ago(0), await killed()))
  const own = await make(scratchName())
  expect(await sweepScratchDatabases(server)).toContain(abandoned)
  expect(await isThere(server, abandoned)).toBe(false)
  expect(await isThere(server, own)).toBe(true)
})

test('one of another machine stays for a day', async () => {
  const server = inject('testServer')
  const elsewhere = (name: string): string => name.replace(/_[0-9a-f]{8}(_[0-9]+)$/, '_00000000$1')
  const young = await make(elsewhere(scratchName(ago(23 * HOUR_MS), await killed())))
  const old = await make(elsewhere(scratchName(ago(25 * HOUR_MS), await killed())))
  const swept = await sweepScratchDatabases(server)
  expect(swept).toContain(old)
  expect(swept).not.toContain(young)
})
