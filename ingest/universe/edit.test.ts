import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { addMember, removeMember } from './edit.ts'
import { readUniverse } from './read.ts'

let directory: string
let file: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'universe-'))
  file = join(directory, 'universe.csv')
  onTestFinished(() => rm(directory, { recursive: true }))
})
const write = (text: string): Promise<void> => writeFile(file, text)
const text = (): Promise<string> => readFile(file, 'utf8')

test('a security is added at the end; every other line, column and line end stays', async () => {
  await write('Ticker,source_id,note\r\nB,x:b,"a, ""quoted"" note"\r\nA,x:a,\r\n')
  await addMember(file, { source_id: 'x:c', ticker: 'C' })
  expect(await text()).toBe('Ticker,source_id,note\r\nB,x:b,"a, ""quoted"" note"\r\nA,x:a,\r\nC,x:c,\r\n')
  expect(await readdir(directory), 'no trial file is left').toEqual(['universe.csv'])
})

test('an id whose column is missing adds the column; a value with a comma is quoted', async () => {
  await write('source_id,ticker\nx:a,A\n')
  await addMember(file, { source_id: 'x,b', ticker: 'B', cik: '320193', provider_id: 'alpaca:1' })
  expect(await text()).toBe('source_id,ticker,cik,provider_id\nx:a,A,,\n"x,b",B,320193,alpaca:1\n')
  expect((await readUniverse(file)).members).toMatchObject([
    { source_id: 'x,b', cik: '0000320193', provider_id: 'alpaca:1' },
    { source_id: 'x:a' },
  ])
})

test.for([
  ['a security that is there', { source_id: 'x:a', ticker: 'A' }, 'already has x:a. Nothing was changed.'],
  ['a cik of another format', { source_id: 'x:b', ticker: 'B', cik: 'CIK1' }, 'it must be up to ten digits'],
  ['no ticker', { source_id: 'x:b', ticker: '' }, 'source_id and ticker must both be set'],
] as const)('%s is refused, and the file is unchanged', async ([, member, message]) => {
  await write('source_id,ticker\nx:a,A\n')
  await expect(addMember(file, member)).rejects.toThrow(message)
  expect(await text()).toBe('source_id,ticker\nx:a,A\n')
  expect(await readdir(directory)).toEqual(['universe.csv'])
})

test('one line is removed; the last security and an unknown one are not', async () => {
  await write('source_id,ticker\nx:a,A\n\nx:ab,AB\n')
  expect(await removeMember(file, 'x:a')).toBe(true)
  expect(await text()).toBe('source_id,ticker\n\nx:ab,AB\n')
  expect(await removeMember(file, 'x:a')).toBe(false)
  await expect(removeMember(file, 'x:ab')).rejects.toThrow('is the only security of')
  expect(await text()).toBe('source_id,ticker\n\nx:ab,AB\n')
})
