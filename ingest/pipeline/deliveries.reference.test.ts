import { join } from 'node:path'
import { expect, it } from 'vitest'
import { figure, referenceFolder, referenceRows } from '../../helpers/testing/reference.ts'
import { scratchDatabase } from '../../helpers/testing/scratch.ts'
import { contentOf, ingestDelivery, isAccounted } from '../testing/flat-files/delivery.ts'

const DROPS = [
  ['flat-files', ['1998-2009.csv.gz', '2010-2021.csv.gz']],
  ['flat-files-av', ['prices.csv.gz']],
  ['flat-files-aapl-av', ['prices.csv.gz']],
] as const

it.each(DROPS)(
  'every bar of %s is in, none is added, and loading it again changes nothing',
  async (drop, files) => {
    const scratch = await scratchDatabase({ migrated: true })
    try {
      const root = join(referenceFolder(), drop)
      const first = await ingestDelivery(scratch.connection, root)
      const expected = files.flatMap((file) => referenceRows(drop, 'prices_daily', file))
      const bars = await scratch.db.rows<{
        source_id: string
        date: string
        open: string
        high: string
        low: string
        close: string
        volume: string
      }>(
        `select source_id, trade_date as date, open::text, high::text, low::text, close::text, volume::text
       from stocks_research.prices_daily join stocks_research.securities using (security_id)`,
      )
      const byKey = new Map(bars.map((bar) => [`${bar.source_id} ${bar.date}`, bar]))
      const numbers = ['open', 'high', 'low', 'close', 'volume'] as const
      const wrong = expected.filter((row) => {
        const bar = byKey.get(`${row['source_id']} ${row['date']}`)
        return bar === undefined || numbers.some((name) => Number(bar[name]) !== Number(row[name]))
      })
      figure(`${drop}: bars`, { expected: expected.length, loaded: bars.length, wrong: wrong.length })
      expect(wrong.slice(0, 3)).toEqual([])
      expect(bars.length).toBe(expected.length)
      expect(first.jobs.every(isAccounted)).toBe(true)
      expect(first.jobs.map(({ rows_rejected }) => rows_rejected)).toEqual([0, 0, 0, 0, 0])

      const content = await contentOf(scratch.db)
      const again = await ingestDelivery(scratch.connection, root)
      expect(again.jobs.map(({ rows_inserted, rows_updated }) => [rows_inserted, rows_updated])).toEqual(
        Array(5).fill([0, 0]),
      )
      expect(await contentOf(scratch.db)).toEqual(content)
    } finally {
      await scratch.drop()
    }
  },
)

it('every fact that the delivery has of a filer is in, and each gap has a name', async () => {
  const scratch = await scratchDatabase({ migrated: true })
  try {
    const { job } = await ingestDelivery(scratch.connection, join(referenceFolder(), 'flat-files'))
    const counts = await scratch.db.rows(
      `select cik, taxonomy, count(*)::text as facts, count(distinct tag)::text as tags,
         min(filed)::text as first_filed, max(filed)::text as last_filed
       from stocks_research.fundamentals_raw group by cik, taxonomy order by cik, taxonomy collate "C"`,
    )
    const expected = referenceRows('expected', 'fundamentals_counts.csv').filter(({ cik }) =>
      counts.some((row) => row['cik'] === cik),
    )
    expect(counts).toEqual(expected)
    figure(
      'gaps',
      job('fundamentals-raw')
        .gaps.map(({ item }) => item)
        .join(' '),
    )
    expect(job('prices-daily').gaps.map(({ item }) => item)).toEqual(['sec:0001045810'])
    expect(job('fundamentals-raw').items).toMatchObject({ ok: 2, not_found: 8 })
  } finally {
    await scratch.drop()
  }
})
