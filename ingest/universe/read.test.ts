import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { writeDelivery } from '../testing/flat-files/delivery.ts'
import { readUniverse } from './read.ts'

const read = async (text: string) =>
  readUniverse(join(await writeDelivery({ 'universe.csv': text }), 'universe.csv'))

describe('a universe', () => {
  it('is sorted by source_id, whatever its order, its line ends and its other columns', async () => {
    const { members, sha256 } = await read('\uFEFFticker,note,source_id\r\nBB,"x, y",b\r\n\r\nAA,,a\r\n')
    expect(members).toEqual([
      { source_id: 'a', ticker: 'AA' },
      { source_id: 'b', ticker: 'BB' },
    ])
    expect(sha256).toMatch(/^[0-9a-f]{64}$/)
  })

  it.each([
    ['lacks a column', 'source_id,name\na,x\n', /no column ticker; its columns are source_id, name/],
    ['lists a security twice', 'source_id,ticker\na,A\na,B\n', /line 3: "a" is already on line 2/],
    [
      'has a line without a ticker',
      'source_id,ticker\na,\n',
      /line 2: source_id and ticker must both be set/,
    ],
    ['has no line', 'source_id,ticker\n', /it has no security/],
    ['is not CSV', 'source_id,ticker\n"a,b\n', /is not a CSV file/],
  ])('that %s is rejected by name', async (_, text, message) => {
    await expect(read(text)).rejects.toThrow(message)
  })

  it('that does not exist is rejected with how to name another one', async () => {
    await expect(readUniverse('/nowhere/universe.csv')).rejects.toThrow(/cannot be read.*BOOTSTRAP_UNIVERSE/)
  })
})

describe('the universe of the rehearsal', () => {
  const file = join(import.meta.dirname, 'rehearsal.csv')

  it.each([
    ['flat-files', /rehearsal.*BOOTSTRAP_SOURCE is flat-files.*Set BOOTSTRAP_UNIVERSE.*adopt <folder>/s],
    ['live', /rehearsal.*BOOTSTRAP_SOURCE is live.*Set BOOTSTRAP_UNIVERSE/s],
  ])('is refused for real data (%s), with the way to write another one', async (mode, message) => {
    await expect(readUniverse(file, mode)).rejects.toThrow(message)
  })

  it.each(['rehearsal', 'replay', undefined])('is read in the mode %s', async (mode) => {
    expect((await readUniverse(file, mode)).members.length).toBeGreaterThan(100)
  })
})
