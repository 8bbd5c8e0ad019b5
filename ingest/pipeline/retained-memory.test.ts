import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import type { Identity } from '../contract/job.ts'
import type { Page } from '../contract/provider.ts'
import { fundamentalsRaw } from '../fundamentals-raw.ts'
import { copyText, Tally } from './read.ts'

// What a batch remembers of what it has read. JavaScript keeps a part of a text as a reference to the text
// that it was cut out of, so that one remembered word may keep a chunk of a file in memory.

const CHUNK_CHARACTERS = 64 * 1024
const cikOf = (at: number): string => String(at).padStart(10, '0')
/** 32 characters that no other fact has. */
const accessionOf = (at: number): string => `${cikOf(at)}-with-some-more-digits`
const IDENTITY = { bySourceId: () => undefined, hasFiler: () => true } as unknown as Identity

/** A page for each filer, its values cut out of one large text, as a reader of files does. */
async function* pagesOf(filers: number, start: string): AsyncGenerator<Page> {
  for (let at = 1; at <= filers; at += 1) {
    const line = [cikOf(at), 'us-gaap', 'StockholdersEquity', start, '2020-12-31', accessionOf(at)].join(',')
    const text = `${line},`.padEnd(CHUNK_CHARACTERS, '.')
    const [cik = '', taxonomy = '', tag = '', period_start = '', period_end = '', accession = ''] =
      text.split(',')
    const fact = { cik, taxonomy, tag, unit: 'USD', period_start, period_end, accession }
    const record = { ...fact, value: '1', form: '10-K', fiscal_year: '2020', filed: '2021-02-01' }
    yield { file: 'facts.csv', archive_sha256: '', records: [{ record, line: at }] }
  }
}

/** Bytes that the tally of a batch of so many filers keeps, with one fact each. */
async function bytesKept(filers: number, start: string): Promise<{ bytes: number; tally: Tally }> {
  const subjects = Array.from({ length: filers }, (_, at) => ({ item: cikOf(at + 1) }))
  const tally = new Tally(subjects as never, fundamentalsRaw.key, true)
  const context = { identity: IDENTITY, window: {}, isSession: () => true, provider: '' } as never
  const before = heapBytes()
  let copied_bytes = 0
  for await (const chunk of copyText(fundamentalsRaw, pagesOf(filers, start), context, tally, () => {}))
    copied_bytes += chunk.length
  expect(copied_bytes > 0).toBe(tally.rows_copied > 0)
  return { bytes: heapBytes() - before, tally }
}

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

function heapBytes(): number {
  collectGarbage()
  collectGarbage()
  return process.memoryUsage().heapUsed
}

const FILERS = 500
const BYTES_A_FILER_MAX = 4_096 // A sixteenth of a chunk.

it('of a filer that was read, its counts and one key stay in memory, not the text of its file', async () => {
  await bytesKept(FILERS, '2020-01-01') // What is compiled and remembered once.
  const once = await bytesKept(FILERS, '2020-01-01')
  const twice = await bytesKept(2 * FILERS, '2020-01-01')
  expect([once.tally.rows_copied, twice.tally.rows_copied]).toEqual([FILERS, 2 * FILERS])
  expect((twice.bytes - once.bytes) / FILERS).toBeLessThan(BYTES_A_FILER_MAX)
})

it('of a rejected record, its values stay in memory, not the text of its file', async () => {
  await bytesKept(FILERS, 'a text that is no day')
  const once = await bytesKept(FILERS, 'some text that is no day of the calendar')
  const twice = await bytesKept(2 * FILERS, 'some text that is no day of the calendar')
  expect([once.tally.rejects.length, twice.tally.rejects.length]).toEqual([FILERS, 2 * FILERS])
  expect(twice.tally.rejects[0]?.reason).toContain('some text that is no day of the calendar')
  expect((twice.bytes - once.bytes) / FILERS).toBeLessThan(BYTES_A_FILER_MAX)
})
