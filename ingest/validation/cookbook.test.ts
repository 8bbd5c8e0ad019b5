import { afterAll, expect, it } from 'vitest'
import { DELIVERY } from '../../helpers/simulator/market/dialect.ts'
import { lastTicker } from '../../helpers/simulator/market/flat-files.ts'
import type { Security } from '../../helpers/simulator/market/types.ts'
import { expectedDelisting } from '../../helpers/testing/market/differences-delistings.ts'
import { filedFacts, knowledgeOf } from '../../helpers/testing/market/expected-fundamentals.ts'
import { expectedAdjusted } from '../../helpers/testing/market/expected-prices.ts'
import { bySecurity, filerOf, near, openCookbookMarket } from '../testing/validation/cookbook-market.ts'
import { dayBefore, numberOf } from '../testing/validation/market-truth.ts'

const market = await openCookbookMarket()
const { ask, idOf, recipes, truth, world } = market
const FIRST = world.start_date
const LAST = world.end_date
afterAll(() => market.drop())

it('1: adjusted closes go through changes of name', async () => {
  const security = truth.one('rename_twice')
  const rows = await ask(1, { ticker: lastTicker(security).toLowerCase(), from: FIRST, to: LAST })
  const wanted = expectedAdjusted(world, security)
  expect(rows.map(({ trade_date }) => trade_date)).toEqual(wanted.map(({ date }) => date))
  expect(new Set(rows.map(({ ticker }) => ticker)).size).toBe(3)
  for (const [at, { adj_close, total_return_close }] of wanted.entries()) {
    near(rows[at]?.['adj_close'], numberOf(adj_close ?? { numerator: 0n, denominator: 1n }))
    near(rows[at]?.['total_return_close'], numberOf(total_return_close ?? { numerator: 0n, denominator: 1n }))
  }
})

it('2: a ticker in another notation is resolved, and else the reason is given', async () => {
  const share_class = truth.one('class_a')
  const asked = lastTicker(share_class).replace('.', '-').toLowerCase()
  expect(await ask(2, { ticker: asked, day: '2022-06-30' })).toEqual([
    { security_id: idOf(share_class), listed_ticker: lastTicker(share_class), reason: 'other_notation' },
  ])
  const reused = lastTicker(truth.one('ticker_first_owner'))
  const reasonOn = async (ticker: string, day: string) => (await ask(2, { ticker, day }))[0]?.['reason']
  expect(await reasonOn(reused, '2021-12-01')).toBe('not_held_on_day')
  expect(await reasonOn('QQQQQ', '2021-12-01')).toBe('unknown')
  const owners = [truth.one('ticker_first_owner'), truth.one('ticker_second_owner')]
  const found = [
    await ask(2, { ticker: reused, day: '2020-06-30' }),
    await ask(2, { ticker: reused, day: '2023-06-30' }),
  ]
  expect(found.map(([row]) => row?.['security_id'])).toEqual(owners.map(idOf))
})

it('3: the universe of a day has those that were delisted later, and none that came later', async () => {
  for (const day of ['2020-01-31', '2021-06-30', '2023-12-29']) {
    const wanted = truth.listedOn(day).filter(({ security_type }) => security_type === 'stock')
    const rows = await ask(3, { day })
    expect(rows.map(({ security_id }) => security_id).toSorted()).toEqual(wanted.map(idOf).toSorted())
  }
  const day = '2020-01-31'
  expect(truth.listedOn(day).some(({ delist_date }) => delist_date !== null)).toBe(true)
  expect(truth.listedOn(day).length).toBeLessThan(world.securities.length)
})

it('4: the total return of a merged company contains what its holders received', async () => {
  for (const scenario of ['cash_merger', 'stock_merger', 'stock_and_cash_merger', 'bankruptcy'] as const) {
    const security = truth.one(scenario)
    const values = { ticker: lastTicker(security), from: '2021-01-04', to: '2024-12-31' }
    const [row] = await ask(4, values)
    near(row?.['total_return'], truth.totalReturn(security, values.from, values.to) ?? Number.NaN)
  }
})

it('5: what every stock returned, null only where the end is unknown', async () => {
  const from = '2021-06-30'
  const to = '2024-06-28'
  const rows = bySecurity(await ask(5, { from, to }))
  const universe = truth.listedOn(from).filter(({ security_type }) => security_type === 'stock')
  expect(rows.size).toBe(universe.length)
  let unknown_count = 0
  for (const security of universe) {
    const row = rows.get(idOf(security))
    const wanted = truth.totalReturn(security, from, to)
    if (wanted === null) {
      unknown_count += 1
      expect(row?.['total_return']).toBeNull()
    } else near(row?.['total_return'], wanted)
    near(
      row?.['return_to_last_bar'],
      truth.totalReturnClose(security, to) / truth.totalReturnClose(security, from) - 1,
    )
  }
  expect(unknown_count).toBeGreaterThan(0)
})

it('6: how listings ended, with the return that holders had', async () => {
  const rows = await ask(6, { from: FIRST, to: LAST })
  const ended = world.securities.filter(({ delist_date }) => delist_date !== null)
  expect(rows).toHaveLength(ended.length)
  for (const security of ended) {
    const wanted = expectedDelisting(world, security)
    const row = rows.find(
      ({ ticker, end_date }) => ticker === lastTicker(security) && end_date === security.delist_date,
    )
    expect(row?.['delisting_code']).toBe(wanted?.delisting_code)
    if (wanted?.delisting_return == null) expect(row?.['delisting_return']).toBeNull()
    else near(row?.['delisting_return'], numberOf(wanted.delisting_return))
  }
})

it('7: daily returns compound to the total return, the delisting return included', async () => {
  const security = truth.one('stock_and_cash_merger')
  const rows = await ask(7, { source_id: security.source_id })
  expect(rows).toHaveLength(security.bars.length)
  const growth = rows.reduce((product, row) => product * (1 + Number(row['return'])), 1)
  near(growth - 1, truth.totalReturn(security, security.bars[0]?.date ?? '', LAST) ?? Number.NaN)
  expect(rows.map((row) => row['is_delisting_return']).indexOf(true)).toBe(rows.length - 1)
})

it('8: a panel of month ends has the last bar of each security', async () => {
  const from = FIRST
  const to = '2024-12-31'
  const rows = await ask(8, { from, to })
  const got = new Map(rows.map((row) => [`${row['day']} ${row['security_id']}`, Number(row['close'])]))
  let count = 0
  for (const day of truth.monthEnds(from, to)) {
    for (const security of world.securities) {
      const bar = truth.barOn(security, day)
      if (bar === undefined) continue
      count += 1
      expect(got.get(`${day} ${idOf(security)}`)).toBe(bar.close_cents / 100)
    }
  }
  expect(rows).toHaveLength(count)
})

it('9: momentum skips the last month, over the universe of the day', async () => {
  const day = '2023-06-30'
  const start = world.calendar.shift(day, -252)
  const end = world.calendar.shift(day, -21)
  const rows = bySecurity(await ask(9, { day }))
  const wanted = truth
    .listedOn(day)
    .filter((each) => truth.barOn(each, start) !== undefined && truth.barOn(each, end) !== undefined)
  expect(rows.size).toBe(wanted.length)
  for (const security of wanted)
    near(
      rows.get(idOf(security))?.['momentum'],
      truth.totalReturnClose(security, end) / truth.totalReturnClose(security, start) - 1,
    )
})

it('10: an event window counts sessions', async () => {
  const security = truth.one('split')
  const ex_date = security.actions.find(({ kind }) => kind === 'split')?.ex_date ?? ''
  const rows = await ask(10, { source_id: security.source_id })
  const offsets = Array.from({ length: 27 }, (_, at) => at - 5)
  expect(rows.map(({ sessions_after }) => Number(sessions_after))).toEqual(offsets)
  expect(rows.map(({ trade_date }) => trade_date)).toEqual(
    offsets.map((offset) => world.calendar.shift(ex_date, offset)),
  )
})

it('11: corporate actions of a year are all there, several of one day as several', async () => {
  const rows = await ask(11, { from: '2020-01-01', to: '2020-12-31' })
  const wanted = world.securities.flatMap((security) =>
    security.actions.flatMap((action) => {
      const kind = DELIVERY.kindOf(action)
      if (kind === undefined || action.ex_date < '2020-01-01' || action.ex_date > '2020-12-31') return []
      return [`${security.source_id} ${action.ex_date} ${kind}`]
    }),
  )
  expect(rows.map((row) => `${row['source_id']} ${row['ex_date']} ${row['kind']}`).toSorted()).toEqual(
    wanted.toSorted(),
  )
  const { source_id } = truth.one('equal_dividends_one_day')
  expect(rows.filter((row) => row['source_id'] === source_id && row['cash_amount'] === '0.06')).toHaveLength(
    3,
  )
})

it('12: the dividend yield is in shares of the day', async () => {
  const security = truth.one('split_twice')
  const day = '2024-03-28'
  const [row] = await ask(12, { security_id: idOf(security), day })
  let paid = 0
  for (const action of security.actions)
    if (action.kind === 'cash_dividend' && action.ex_date > '2023-03-28' && action.ex_date <= day)
      paid += Number(action.amount) / truth.splitRatio(security, dayBefore(action.ex_date), day)
  expect(paid).toBeGreaterThan(0)
  near(row?.['dividend_yield'], (paid * 100) / (truth.barOn(security, day)?.close_cents ?? 0))
})

it('13: the ratio of shares is exact', async () => {
  const ask13 = async (security: Security) =>
    (await ask(13, { security_id: idOf(security), from: FIRST, to: LAST }))[0]?.['new_shares_for_one']
  expect(await ask13(truth.one('split_twice'))).toBe('3')
  expect(await ask13(truth.one('reverse_split'))).toBe('0.05')
  expect(await ask13(truth.one('stock_dividend'))).toBe('1.052882775')
  expect(await ask13(truth.one('rename'))).toBe('1')
})

it('14: facts are those that were filed by the day', async () => {
  const filer = filerOf(world, truth.one('annual_restatement'))
  const day = '2022-06-30'
  const rows = await ask(14, { day, cik: filer.cik, tag: 'NetIncomeLoss' })
  const known = new Map<string, string>()
  for (const fact of filedFacts(filer))
    if (fact.tag === 'NetIncomeLoss' && fact.filed <= day) known.set(`${fact.start} ${fact.end}`, fact.value)
  expect(known.size).toBeGreaterThan(8)
  expect(rows.map((row) => [`${row['period_start']} ${row['period_end']}`, row['value']]).toSorted()).toEqual(
    [...known].toSorted(),
  )
})

it('15: quarters, trailing years and growth are those known on the day', async () => {
  const filer = filerOf(world, truth.one('annual_restatement'))
  const day = '2023-06-30'
  const known = knowledgeOf(filer)
  const rows = await ask(15, { day, cik: filer.cik, tag: 'NetIncomeLoss' })
  let count = 0
  for (const quarter of known.quarters) {
    const wanted = known.quarter('NetIncomeLoss', 'USD', quarter, day)
    const row = rows.find(({ period_end }) => period_end === quarter.end)
    if (wanted === null) continue
    count += 1
    near(row?.['value'], numberOf(wanted.value))
    const year = known.trailingYear('NetIncomeLoss', 'USD', quarter, day)
    if (year === null) expect(row?.['ttm_value']).toBeNull()
    else near(row?.['ttm_value'], numberOf(year))
    const { ratio } = known.yearOverYear('NetIncomeLoss', 'USD', quarter, day)
    if (ratio === null) expect(row?.['yoy_ratio']).toBeNull()
    else near(row?.['yoy_ratio'], numberOf(ratio))
  }
  expect(count).toBeGreaterThan(8)
})

it('16: prices are joined with results that were filed before the day', async () => {
  const day = '2022-03-15'
  const rows = bySecurity(await ask(16, { day }))
  let count = 0
  for (const security of world.securities) {
    if (truth.barOn(security, day) === undefined || security.cik === null) continue
    const known = knowledgeOf(filerOf(world, security))
    const newest = known.quarters.findLast(
      (quarter) => known.quarter('NetIncomeLoss', 'USD', quarter, dayBefore(day)) !== null,
    )
    if (newest === undefined) continue
    count += 1
    const row = rows.get(idOf(security))
    expect(row?.['period_end']).toBe(newest.end)
    expect(String(row?.['known_from']) < day).toBe(true)
    const wanted = known.quarter('NetIncomeLoss', 'USD', newest, dayBefore(day))
    near(row?.['net_income'], numberOf(wanted?.value ?? { numerator: 0n, denominator: 1n }))
  }
  expect(count).toBeGreaterThan(20)
})

it('17: every vintage of a restated year is a row', async () => {
  const filer = filerOf(world, truth.one('annual_restatement'))
  const facts = filedFacts(filer).filter(({ tag, start }) => tag === 'NetIncomeLoss' && start !== null)
  const spans = Map.groupBy(facts, ({ start, end }) => `${start} ${end}`)
  const restated = [...spans.values()].find((some) => new Set(some.map(({ value }) => value)).size > 1) ?? []
  const [first] = restated
  const rows = await ask(17, {
    cik: filer.cik,
    tag: 'NetIncomeLoss',
    period_start: first?.start ?? '',
    period_end: first?.end ?? '',
  })
  expect(rows.map(({ accession }) => accession)).toEqual(restated.map(({ accession }) => accession))
  expect(rows.map(({ value }) => value)).toEqual(restated.map(({ value }) => value))
})

it('18: a spin-off has its value and where it comes from', async () => {
  const parent = truth.one('spin_off_parent')
  const action = parent.actions.find(({ kind }) => kind === 'spin_off')
  const rows = await ask(18)
  expect(rows).toHaveLength(1)
  expect(rows[0]).toMatchObject({
    source_id: parent.source_id,
    ex_date: action?.ex_date,
    value_source: 'stated value',
  })
  near(rows[0]?.['value_per_share'], action !== undefined && 'amount' in action ? Number(action.amount) : 0)
})

it('19: sessions without a bar are counted between the first and the last one', async () => {
  const rows = await ask(19)
  const wanted = world.securities.flatMap((security) => {
    const from = security.bars[0]?.date ?? ''
    const to = security.bars.at(-1)?.date ?? ''
    const sessions = world.calendar.sessions.filter((session) => session >= from && session <= to)
    const missing_count = sessions.length - security.bars.length
    return missing_count > 0 ? [`${security.source_id} ${missing_count}`] : []
  })
  expect(wanted.length).toBeGreaterThan(0)
  expect(rows.map((row) => `${row['source_id']} ${row['missing_sessions']}`).toSorted()).toEqual(
    wanted.toSorted(),
  )
})

it('20: what is doubtful is listed for the subjects that are used, and for no others', async () => {
  const doubted = truth.one('split')
  const unadjusted = truth.one('special_dividend')
  await market.db.rows(
    `insert into ingestion.findings (fingerprint, check_name, severity, subject, evidence)
     values (repeat('a', 64), 'spike-reverts', 'soft', $1, '{}'),
       (repeat('b', 64), 'spike-reverts', 'soft', 'x', '{}')`,
    [doubted.source_id],
  )
  await market.db.rows(
    `update stocks_research.adjustment_factors set reason = 'why', price_factor = null
     where security_id = $1`,
    [idOf(unadjusted)],
  )
  const rows = await ask(20, { subjects: `{${doubted.source_id},${unadjusted.source_id}}` })
  expect(rows.map(({ check_name, subject }) => [check_name, subject]).toSorted()).toEqual([
    ['adjustment', unadjusted.source_id],
    ['spike-reverts', doubted.source_id],
  ])
})

it('21: the universe without securities of low grade', async () => {
  const day = '2024-06-28'
  const universe = (await ask(3, { day })).map((row) => row['security_id'])
  const kept = await ask(21, { day })
  const ids = kept.map((row) => row['security_id'])
  expect(ids.length).toBeGreaterThan(10)
  expect(universe).toEqual(expect.arrayContaining(ids))
  // A hard finding about that day takes a security out, and one about a later day does not.
  const { db } = market
  const about = async (about_day: string): Promise<void> => {
    await db.rows(
      `insert into ingestion.findings (fingerprint, check_name, severity, subject, evidence)
       select repeat('0', 64), 'x', 'hard', source_id, jsonb_build_object('trade_date', $2::text)
       from stocks_research.securities where security_id = $1::bigint
       on conflict (fingerprint) do update set evidence = excluded.evidence`,
      [ids[0], about_day],
    )
  }
  await about('2024-07-01')
  expect((await ask(21, { day })).map((row) => row['security_id'])).toEqual(ids)
  await about('2024-06-27')
  expect((await ask(21, { day })).map((row) => row['security_id']).toSorted()).toEqual(
    ids.slice(1).toSorted(),
  )
  await db.rows(`delete from ingestion.findings where check_name = 'x'`)
})

it('the page has twenty-one questions, each of a few lines, with its trap, and each was asked here', () => {
  expect(recipes.map(({ number }) => number)).toEqual(Array.from({ length: 21 }, (_, at) => at + 1))
  expect(recipes.filter(({ text }) => !text.includes('**Trap:**')).map(({ number }) => number)).toEqual([])
  expect(recipes.filter(({ sql }) => sql.split('\n').length > 20).map(({ number }) => number)).toEqual([])
  expect([...market.asked].toSorted((a, b) => a - b)).toEqual(recipes.map(({ number }) => number))
})
