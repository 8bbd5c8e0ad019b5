/** From a folder of a vendor's price files to a database, or to a refusal, by three commands of the README. */
import { existsSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { Product } from '../../helpers/testing/acceptance/product.ts'
import { symbolKey } from '../adapter/notation.ts'
import { writeDelivery } from '../testing/flat-files/delivery.ts'
import { FOLDERS } from '../testing/flat-files/five-years.ts'

/** The variables and the command of the line "Next: …". */
function nextOf(output: string) {
  const [, line = ''] = /^Next: (.*)$/m.exec(output) ?? []
  const variables = [...line.matchAll(/([A-Z_]+)=("[^"]*"|\S+)/g)].map(
    ([, name = '', value = '']) => [name, value.replaceAll('"', '')] as const,
  )
  return { variables, command: line.replace(/[A-Z_]+=("[^"]*"|\S+) /g, '') }
}

const BARS = `select h.ticker, p.trade_date::text as date, p.open, p.high, p.low, p.close, p.volume
  from stocks_research.prices_daily p join stocks_research.ticker_history h using (security_id)
 order by 1, 2`

test('twenty files of Yahoo are refused by the first command, which says why and what to do', async () => {
  const product = new Product()
  const folder = await writeDelivery(FOLDERS.yahoo.files)
  const { exit_code, output } = await product.runner('adopt', folder).ended
  await product.remove()
  expect(exit_code).toBe(1)
  expect(output).toContain('20 files of Yahoo')
  expect(output).toContain('Refused: these prices are adjusted')
  expect(output).toContain('Deliver unadjusted prices. Vendors that sell them: ')
  expect(existsSync(`${folder}-delivery`)).toBe(false)
})

describe.each([
  ['twenty files in the columns of Yahoo, stated to be as traded', FOLDERS.yahoo],
  ['twenty files of Tiingo, with splits in their rows', FOLDERS.tiingo],
  ['one file of Databento', FOLDERS.databento],
])('%s', (_, { files, stated, bars, splits }) => {
  const product = new Product()
  afterAll(() => product.remove())

  test('become a complete checklist by three commands, and the rows are theirs', async () => {
    const folder = await writeDelivery(files)
    const adopted = await product.runner('adopt', folder, ...stated).ended
    expect(adopted.exit_code, adopted.output).toBe(0)
    expect(adopted.output).toContain(`Next: npm run ingest -- check ${folder}-delivery`)
    const checked = await product.runner('check', `${folder}-delivery`).ended
    expect(checked.exit_code, checked.output).toBe(0)
    const { variables, command } = nextOf(checked.output)
    expect(command).toBe('npx vitest run phases')
    for (const [name, value] of variables) product.set(name, value)
    const run = await product.checklist().ended
    expect(run.exit_code, run.output.slice(-4_000)).toBe(0)
    const rows = await product.ask((db) => db.rows<Record<string, string>>(BARS))
    const asText = ({ ticker = '', date, open, high, low, close, volume }: Record<string, string>) =>
      [symbolKey(ticker), date, ...[open, high, low, close].map((at) => Number(at)), Number(volume)].join()
    expect(rows.map(asText).toSorted()).toEqual(bars.map((bar) => asText({ ...bar })).toSorted())
    const { events } = await product.ask((db) =>
      db.one<{ events: number }>('select count(*)::int as events from stocks_research.corporate_actions'),
    )
    expect(events).toBe(splits)
  })
})
