import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Scratch, scratchDatabase } from '../helpers/testing/scratch.ts'
import { sessions } from './calendar/xnys.ts'
import { ingestDelivery, isAccounted, SOURCED, writeDelivery } from './testing/flat-files/delivery.ts'
import { CHECKS } from './validation/checks.ts'
import { isNear, type Rational, rational } from './validation/rational.ts'
import { validate } from './validation/validate.ts'

let scratch: Scratch
beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
})
afterAll(() => scratch?.drop())

const DAYS = sessions('2020-01-02', '2020-01-31').map(({ session_date }) => session_date)
/** Closes of 100 before the ex-date, 2020-01-17, and of 99 from it. */
const bars = (id: string): string =>
  DAYS.map((day) => `${id},${day},${day < '2020-01-17' ? 100 : 99}\n`).join('')
const BASE = {
  'universe.csv': 'source_id,ticker\nx:cad,AA\nx:usd,BB\n',
  'securities/s.csv':
    'source_id,ticker,currency,list_date\nx:cad,AA,USD,2020-01-02\nx:usd,BB,USD,2020-01-02\n',
  'prices_daily/p.csv': `source_id,date,close\n${bars('x:cad')}${bars('x:usd')}`,
  'dividends/d.csv': 'source_id,ex_date,amount,currency\nx:cad,2020-01-17,1.40,CAD\nx:usd,2020-01-17,1,USD\n',
}
const ECB = (cad: string): Record<string, string> => ({
  'fx_rates/eurofxref-hist.csv': `Date,USD,JPY,CAD,\n2020-01-17,1.2,N/A,${cad},\n2020-01-16,1.1,122,1.44,\n`,
})
const JOBS = [...SOURCED, 'adjustment-factors'] as const
const run = async (files: Record<string, string>) =>
  ingestDelivery(scratch.connection, await writeDelivery({ ...BASE, ...files }), { jobs: JOBS })

interface FactorRow extends Record<string, unknown> {
  readonly price_factor: string | null
  readonly total_return_factor: string | null
  readonly reason: string | null
  readonly events: readonly Record<string, string>[]
}
const before = (): Promise<FactorRow> =>
  scratch.db.one<FactorRow>(
    `select f.price_factor, f.total_return_factor, f.reason, f.events
     from stocks_research.adjustment_factors f
     join stocks_research.securities s using (security_id)
     where s.source_id = 'x:cad' and f.first_date = '2020-01-02'`,
  )
const fraction = (n: bigint, d: bigint): Rational => ({ n, d })
const hardChecks = CHECKS.filter(({ severity, job }) => severity === 'hard' && job === 'adjustment-factors')
const violated = async (): Promise<string[]> =>
  (await validate(scratch.db, { checks: hardChecks, accepted: [] })).checks
    .filter(({ violations_count }) => violations_count > 0)
    .map(({ name }) => name)

it('a dividend in another currency without a rate makes earlier factors null, with a reason', async () => {
  const report = await run({})
  expect(report.state).toBe('complete')
  expect(await before()).toMatchObject({
    price_factor: null,
    total_return_factor: null,
    reason: '2020-01-17: the cash is not in the currency of the prices',
  })
  expect(await violated()).toEqual([])
})

it('with the rates of its ex-date the factors are exact, and the event names rates and day', async () => {
  const report = await run(ECB('1.4'))
  // 1.40 CAD x 1.2 / 1.4 = 1.20 USD: A = (100 - 1.2) / 100, B = 99 / (99 + 1.2).
  const row = await before()
  expect(isNear(rational(row.price_factor ?? ''), fraction(988n, 1000n), 58)).toBe(true)
  expect(isNear(rational(row.total_return_factor ?? ''), fraction(990n, 1002n), 38)).toBe(true)
  expect(row.events).toMatchObject([
    {
      cash_amount: 1.4,
      currency: 'CAD',
      fx_rates: '1 EUR = 1.4 CAD, 1 EUR = 1.2 USD on 2020-01-17 (ecb)',
    },
  ])
  const actions = report.job('corporate-actions')
  expect([isAccounted(actions), actions.rows_inserted]).toEqual([true, 5])
  // The other security has no payment in another currency: nothing that it is derived from has changed.
  expect(report.job('adjustment-factors').items_unchanged).toBe(1)
  expect(await violated()).toEqual([])
})

it('a second run over the same rates changes nothing; a revised rate gives other factors', async () => {
  const again = await run(ECB('1.4'))
  expect(again.jobs.map(({ rows_inserted, rows_updated }) => rows_inserted + rows_updated)).toEqual([
    0, 0, 0, 0, 0, 0,
  ])
  expect(again.job('adjustment-factors').items_unchanged).toBe(2)
  const revised = await run(ECB('1.6'))
  expect(revised.job('corporate-actions').rows_updated).toBe(1)
  expect(revised.job('adjustment-factors').items_unchanged).toBe(1)
  // 1.40 x 1.2 / 1.6 = 1.05 USD.
  expect(isNear(rational((await before()).price_factor ?? ''), fraction(9895n, 10000n), 58)).toBe(true)
  expect(await violated()).toEqual([])
})

it('a converted amount that is no decimal number keeps 60 digits', async () => {
  await run(ECB('1.7'))
  const row = await before()
  // 1.40 x 1.2 / 1.7 = 16.8 / 17: A = (1700 - 16.8) / 1700.
  expect(isNear(rational(row.price_factor ?? ''), fraction(16832n, 17000n), 50)).toBe(true)
  expect(isNear(rational(row.total_return_factor ?? ''), fraction(16830n, 16998n), 50)).toBe(true)
  expect(await violated()).toEqual([])
})

it('trailing dividends are in the currency of the prices once the rate is known', async () => {
  const panel = await scratch.db.rows(
    `select t.as_of, t.currency, round(t.ordinary, 6) as ordinary
     from stocks_research.trailing_dividends_panel('{2020-01-16,2020-01-17}') t
     join stocks_research.securities s using (security_id)
     where s.source_id = 'x:cad'`,
  )
  expect(panel).toEqual([{ as_of: '2020-01-17', currency: 'USD', ordinary: '0.988235' }])
})

const rate = (values: string): string => `
  insert into stocks_research.fx_rates (rate_date, from_currency, to_currency, rate, source, known_from)
  values ${values}`
const converted = async (day: string, as_of: string): Promise<unknown> => {
  const [row] = await scratch.db.rows(
    `select trim_scale(round(numerator / denominator, 6)) as rate, rates
     from stocks_research.fx_conversion('CAD', 'USD', $1, $2)`,
    [day, as_of],
  )
  return row?.['rate']
}

it('a rate counts for seven days, and only from the day on which it was published', async () => {
  await scratch.db.execute('delete from stocks_research.fx_rates')
  await scratch.db.execute(rate(`('2020-01-03', 'USD', 'CAD', 1.25, 'fed', '2020-01-07')`))
  expect(await converted('2020-01-10', '2020-01-31')).toBe('0.8')
  expect(await converted('2020-01-11', '2020-01-31')).toBeUndefined()
  expect(await converted('2020-01-02', '2020-01-31')).toBeUndefined()
  expect(await converted('2020-01-03', '2020-01-06')).toBeUndefined()
  expect(await converted('2020-01-03', '2020-01-07')).toBe('0.8')
  // The stated pair before its reverse, and both before a way over a third currency.
  await scratch.db.execute(
    rate(`('2020-01-03', 'EUR', 'USD', 1, 'ecb', '2020-01-03'),
    ('2020-01-03', 'EUR', 'CAD', 2, 'ecb', '2020-01-03')`),
  )
  expect(await converted('2020-01-03', '2020-01-31')).toBe('0.8')
  expect(await converted('2020-01-03', '2020-01-06')).toBe('0.5')
  await scratch.db.execute(rate(`('2020-01-03', 'CAD', 'USD', 0.7, 'x', '2020-01-03')`))
  expect(await converted('2020-01-03', '2020-01-31')).toBe('0.7')
  // Two rates of two sources, or of two days, are not put together.
  await scratch.db.execute(`delete from stocks_research.fx_rates where to_currency = 'USD' or source = 'fed'`)
  await scratch.db.execute(
    rate(`('2020-01-03', 'EUR', 'USD', 1, 'x', '2020-01-03'),
    ('2020-01-02', 'EUR', 'USD', 1, 'ecb', '2020-01-03')`),
  )
  expect(await converted('2020-01-03', '2020-01-31')).toBeUndefined()
  await scratch.db.execute('delete from stocks_research.fx_rates')
})

const stored = async (): Promise<unknown> =>
  (
    await scratch.db.rows<{ row: string }>(
      `select concat_ws(' ', rate_date, from_currency, to_currency, rate, source, known_from) as row
       from stocks_research.fx_rates order by 1`,
    )
  ).map(({ row }) => row)

it.each([
  {
    form: 'one rate a row',
    name: 'rates.csv',
    text:
      'date,from,to,rate,published,source\n2020-01-03,CAD,USD,0.77,2020-01-04,desk\n' +
      '2020-01-06,CAD,USD,.8,,\n',
    rows: ['2020-01-03 CAD USD 0.77 desk 2020-01-04', '2020-01-06 CAD USD 0.8 delivery 2020-01-06'],
  },
  {
    form: 'the daily file of the ECB',
    name: 'eurofxref.csv',
    text: 'Date, USD, JPY, \n"03 January 2020", 1.1147, 120.48, \n',
    rows: ['2020-01-03 EUR JPY 120.48 ecb 2020-01-03', '2020-01-03 EUR USD 1.1147 ecb 2020-01-03'],
  },
  {
    form: 'FRED',
    name: 'fred.csv',
    // DEXUSEU is in dollars for a euro, DEXCAUS in Canadian dollars for a dollar. DTWEXBGS is an index.
    text: 'observation_date,DEXUSEU,DEXCAUS,DTWEXBGS\n2020-01-03,1.1154,1.2988,115\n2020-01-06,.,,115\n',
    rows: ['2020-01-03 EUR USD 1.1154 fed 2020-01-07', '2020-01-03 USD CAD 1.2988 fed 2020-01-07'],
  },
  {
    form: 'H.10',
    name: 'FRB_H10.csv',
    text:
      '"Series Description","SPOT - US$/EURO","JAPAN -- SPOT"\n' +
      '"Unit:","Currency:_Per_EUR","Currency:_Per_USD"\n' +
      '"Multiplier:","1","1"\n"Currency:","USD","JPY"\n"Unique Identifier: ","H10/H10/RXI$US_N.B.EU","x"\n' +
      '"Time Period","RXI$US_N.B.EU","RXI_N.B.JA"\n2020-01-02,1.1166,ND\n2020-01-03,1.1154,108.12\n',
    rows: [
      '2020-01-02 EUR USD 1.1166 fed 2020-01-07',
      '2020-01-03 EUR USD 1.1154 fed 2020-01-07',
      '2020-01-03 USD JPY 108.12 fed 2020-01-07',
    ],
  },
])('$form is read in the direction of its publisher', async ({ name, text, rows }) => {
  await scratch.db.execute('delete from stocks_research.fx_rates')
  await run({ [`fx_rates/${name}`]: text })
  expect(await stored()).toEqual(rows)
})

it.each([
  ['rates.csv', 'Date,USD,CAD\n2020-01-03,1.1,1.4\n', /rates\.csv does not state the direction of its rates/],
  ['fred.csv', 'DATE,DTWEXBGS\n2020-01-03,115\n', /does not state the direction/],
  ['r.csv', 'date,from,to,rate\nx,CAD,USD,1\n', /1 of the 1 records of fx_rates\/r\.csv are malformed/],
])('%s with the text %j fails the job, and nothing of it is stored', async (name, text, message) => {
  const rows = await stored()
  const report = await run({ [`fx_rates/${name}`]: text })
  const { items, gaps } = report.job('corporate-actions')
  expect(items).toMatchObject({ ok: 0, failed: 2 })
  for (const { reason } of gaps) expect(reason).toMatch(message)
  expect(await stored()).toEqual(rows)
})

it('records that are malformed or contradict each other are rejected by name', async () => {
  await scratch.db.execute('delete from stocks_research.fx_rates')
  const good = DAYS.map((day) => `${day},EUR,USD,1.1\n`).join('')
  const report = await run({
    'fx_rates/r.csv':
      `date,from,to,rate\n${good}2020-01-03,CAD,CAD,1\n2020-01-03,XXQ,USD,1\n2020-01-03,GBP,USD,0\n` +
      '2020-01-03,CHF,USD,1\n2020-01-03,CHF,USD,1.1\n2020-01-03,EUR,USD,1.10\n',
  })
  const actions = report.job('corporate-actions')
  expect([isAccounted(actions), actions.rows_rejected, ((await stored()) as string[]).length]).toEqual([
    true,
    5,
    DAYS.length,
  ])
  const reasons = await scratch.db.rows<{ reason: string }>(
    'select reason from ingestion.rejects where run_id = $1 order by reject_id',
    [report.run_id],
  )
  expect(reasons.map(({ reason }) => reason)).toEqual([
    'from and to are both CAD',
    'from is "XXQ", not a known ISO 4217 code',
    'rate is "0", not a rate from 0.000000001 to 1,000,000,000',
    '["2020-01-03","CHF","USD","delivery"] is stated with two values',
    '["2020-01-03","CHF","USD","delivery"] is stated with two values',
  ])
})
