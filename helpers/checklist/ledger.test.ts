import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Ledger } from './ledger.ts'

let directory = ''
let ledger: Ledger
const tickOf = (phase: string, scope = 'scope a') => ({
  phase,
  scope,
  run_id: 'run',
  ticked_at: new Date().toISOString(),
  boxes_count: 3,
})
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ledger-'))
  ledger = new Ledger(join(directory, 'ledger'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

test('a tick is read only in its own scope', () => {
  ledger.tick(tickOf('03-safety-backup'))
  expect(ledger.read('03-safety-backup', 'scope a')?.boxes_count).toBe(3)
  expect(ledger.read('03-safety-backup', 'scope b')).toBeUndefined()
  expect(ledger.read('02-schema-build', 'scope a')).toBeUndefined()
})

test('a phase that starts removes its own tick and all later ones, of every scope', () => {
  for (const phase of ['00-environment', '01-database-creation', '02-schema-build'])
    ledger.tick(tickOf(phase))
  ledger.tick(tickOf('03-safety-backup', 'scope b'))
  ledger.untickFrom('01-database-creation')
  expect(readdirSync(join(directory, 'ledger'))).toEqual(['00-environment.json'])
})

test('a damaged tick, or one under another name, is no tick', () => {
  ledger.tick(tickOf('00-environment'))
  writeFileSync(
    join(directory, 'ledger', '01-database-creation.json'),
    JSON.stringify(tickOf('00-environment')),
  )
  expect(ledger.read('01-database-creation', 'scope a')).toBeUndefined()
  writeFileSync(join(directory, 'ledger', '00-environment.json'), '{"phase":"00-envi')
  expect(ledger.read('00-environment', 'scope a')).toBeUndefined()
})

test('a phase without boxes cannot be ticked', () => {
  expect(() => ledger.tick({ ...tickOf('00-environment'), boxes_count: 0 })).toThrow()
})
