import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { addDays } from '../../helpers/core/days.ts'
import { firstSessionAfter } from '../calendar/days.ts'
import { SMALL_DELIVERY, writeDelivery } from '../testing/flat-files/delivery.ts'
import { checkDelivery } from './check-delivery.ts'

type Files = Readonly<Record<string, string>>
const check = async (files: Files) => checkDelivery(await writeDelivery(files), { reject_max_ratio: 0.001 })
/** The columns of a line of the table: files, records, not requested, rejected, rows, days. */
const lineOf = (text: string, job: string): string[] =>
  text
    .split('\n')
    .find((line) => line.startsWith(job))
    ?.split(/ {2,}/)
    .slice(1) ?? []

describe('check reads a delivery without a database', () => {
  it('and counts what a run would take', async () => {
    const { text, verdict } = await check(SMALL_DELIVERY)
    expect(lineOf(text, 'prices-daily')).toEqual(['1', '4', '0', '0', '4', '2020-01-30 to 2020-03-02'])
    expect(lineOf(text, 'corporate-actions')).toEqual(['3', '5', '0', '0', '5', '2020-01-31 to 2020-02-03'])
    expect(lineOf(text, 'fundamentals-raw').slice(0, 5)).toEqual(['1', '2', '0', '0', '2'])
    expect(text).toContain('PRICES   as traded: the closes move at all 1 splits that can be compared')
    expect(text).toContain('MISSING  fundamentals-raw: nothing of 0000000002')
    expect(verdict).toBe('fit_with_gaps')
  })

  it('and says once what the delivery does not have: prices are enough', async () => {
    const {
      'universe.csv': universe,
      'securities/securities.csv': securities,
      'prices_daily/prices.csv': prices,
    } = SMALL_DELIVERY
    const { text, verdict } = await check({
      'universe.csv': universe,
      'securities/securities.csv': securities,
      'prices_daily/prices.csv': prices,
    })
    expect(text.match(/^MISSING .*/gm)).toEqual([
      'MISSING  corporate-actions: The delivery has no splits/, dividends/, delistings/, ' +
        'mergers_delistings/ with files in any ' +
        'of them. Adjusted prices will equal the prices.',
      'MISSING  fundamentals-raw: The delivery has no fundamentals/ with a file in it. There will ' +
        'be no fundamentals.',
    ])
    expect(text).toContain('PRICES   not compared')
    expect(verdict).toBe('fit')
  })

  it('and names rejected records, other securities and files that would be refused', async () => {
    const prices =
      `${SMALL_DELIVERY['prices_daily/prices.csv']}x:first,2020-02-04,,,,1e400,1\n` +
      'x:other,2020-02-04,,,,1,1\n'
    const { text, verdict } = await check({ ...SMALL_DELIVERY, 'prices_daily/prices.csv': prices })
    expect(lineOf(text, 'prices-daily').slice(0, 5)).toEqual(['1', '6', '1', '1', '4'])
    expect(text).toContain(
      'prices_daily/prices.csv:6: close is "1e400", not a price from 0.000001 to 10,000,000',
    )
    expect(verdict).toBe('fit_with_gaps')
    const still = SMALL_DELIVERY['prices_daily/prices.csv'].replace('5,5.5,4.5,5.3', '10,11,9,10.6')
    const adjusted = await check({ ...SMALL_DELIVERY, 'prices_daily/prices.csv': still })
    expect(adjusted.text).toMatch(/FAILS {4}prices-daily: Its closes do not move at a split .* \(x:first\)/)
    expect(adjusted.text).toContain('PRICES   the closes do not move at 1 of 1 splits: they are adjusted')
    expect(adjusted.verdict).toBe('unfit')
  })

  it('and counts exchange rates, or says why they cannot be loaded', async () => {
    const rates = 'date,from,to,rate\n2020-01-03,CAD,USD,0.77\n2020-01-06,CAD,USD,0.78\n'
    const { text } = await check({ ...SMALL_DELIVERY, 'fx_rates/r.csv': rates })
    expect(text).toContain('RATES    2 exchange rates')
    const wide = await check({ ...SMALL_DELIVERY, 'fx_rates/r.csv': 'Date,USD\n2020-01-03,1.1\n' })
    expect(wide.text).toMatch(/FAILS {4}fx_rates cannot be read: .* does not state the direction/)
    expect(wide.verdict).toBe('unfit')
  })

  it('and reads the filings, without which there are no facts', async () => {
    const head = 'cik,accession,form,filed,accepted_at\n'
    const filing = '1,a-1,10-K,2020-02-20,2020-02-20T16:30:00-05:00\n'
    const { text } = await check({ ...SMALL_DELIVERY, 'filings/f.csv': head + filing })
    expect(text).toMatch(/^filings +1 +1 +0 +0 +1$/m)
    const bad = await check({ ...SMALL_DELIVERY, 'filings/f.csv': head + filing.replace('-05:00', '') })
    expect(bad.text).toMatch(/FAILS {4}filings: filings\/f\.csv is refused/)
    expect(bad.text).toContain('not a time with an offset from UTC')
    expect(bad.verdict).toBe('unfit')
  })

  it('and cuts long lists of names', async () => {
    const many = Array.from({ length: 45 }, (_, at) => `x:${String(at).padStart(2, '0')},T${at}`).join('\n')
    const { text } = await check({ ...SMALL_DELIVERY, 'universe.csv': `source_id,ticker\n${many}\n` })
    expect(text).toMatch(/MISSING {2}securities: nothing of x:00, x:01, .*x:09 and 35 more/)
  })

  it('and asks for a universe where there is none', async () => {
    const { 'universe.csv': _, ...rest } = SMALL_DELIVERY
    const { text, verdict } = await check(rest)
    expect(text).toMatch(/has no universe\.csv/)
    expect(verdict).toBe('unfit')
  })

  it('and refuses a bar of a day that has not come', async () => {
    const session = firstSessionAfter(addDays(new Date().toISOString().slice(0, 10), 30))
    const prices = `${SMALL_DELIVERY['prices_daily/prices.csv']}x:first,${session},5,5.5,4.5,5.3,1100\n`
    const { text, verdict } = await check({ ...SMALL_DELIVERY, 'prices_daily/prices.csv': prices })
    expect(text).toContain(`FAILS    prices-daily: a bar is dated ${session}, and today is 20`)
    expect(verdict).toBe('unfit')
  })

  it('and says of what is no folder that it is none', async () => {
    const options = { reject_max_ratio: 0 }
    const absent = await checkDelivery(join(import.meta.dirname, 'absent'), options)
    expect(absent.text).toMatch(/absent does not exist\. Name the folder of the delivery\.\n$/)
    expect(absent.verdict).toBe('unfit')
    const file = await checkDelivery(import.meta.filename, options)
    expect(file.text).toMatch(/is a file, not a folder\./)
  })
})
