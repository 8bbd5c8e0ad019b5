import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Scratch, scratchDatabase } from '../helpers/testing/scratch.ts'
import { ingestDelivery, writeDelivery } from './testing/flat-files/delivery.ts'

/**
 * Events that a source dates by the day on which a ticker changes hands: OLD was renamed NEW, HAND went
 * from one company to another over a weekend, and SWAP went to a company that was listed as MINE before.
 */
let scratch: Scratch
beforeEach(async () => {
  scratch = await scratchDatabase({ migrated: true })
})
afterEach(() => scratch?.drop())

const MEMBERS = ['x:renamed,NEW', 'x:gone,HAND', 'x:newcomer,HAND', 'x:giver,SWAP', 'x:taker,SWAP']
const IDS = MEMBERS.map((member) => member.slice(0, member.indexOf(',')))
const WORLD = {
  'universe.csv': `source_id,ticker\n${MEMBERS.join('\n')}\n`,
  'securities/s.csv': [
    'source_id,ticker,name,exchange_mic,type,currency,cik,list_date,delist_date',
    ...MEMBERS.map((member) => `${member},Case of ${member.split(',')[0]},XNYS,stock,USD,,,`),
    '',
  ].join('\n'),
  'splits/none.csv': 'ticker,ex_date,split_from,split_to\n',
  'dividends/none.csv': 'ticker,ex_date,amount,currency\n',
  'ticker_history/t.csv':
    'source_id,ticker,valid_from,valid_to,exchange_mic\n' +
    'x:renamed,OLD,2017-01-03,2018-05-08,XNYS\nx:renamed,NEW,2018-05-09,,XNYS\n' +
    'x:gone,HAND,2017-01-03,2018-05-11,XNYS\nx:newcomer,HAND,2018-05-14,,XNYS\n' +
    'x:giver,SWAP,2017-01-03,2018-05-08,XNYS\nx:taker,MINE,2017-01-03,2018-05-08,XNYS\n' +
    'x:taker,SWAP,2018-05-09,,XNYS\n',
  'prices_daily/p.csv':
    'source_id,date,open,high,low,close,volume\n' +
    IDS.map((id) => `${id},2018-05-14,10,11,9,10,100\n`).join(''),
}

async function eventsOf(files: Readonly<Record<string, string>>) {
  await ingestDelivery(scratch.connection, await writeDelivery({ ...WORLD, ...files }), {
    thresholds: { reject_max_ratio: 1, failed_max_ratio: 1, not_found_max_ratio: {} },
  })
  return {
    events: await scratch.db.rows(
      `select s.source_id, a.ex_date, a.kind from stocks_research.corporate_actions a
       join stocks_research.securities s using (security_id) order by 1, 2, 3`,
    ),
    refused: await scratch.db.rows(
      `select s.source_id, r.ex_date, r.kind, r.reason from stocks_research.refused_events r
       join stocks_research.securities s using (security_id)`,
    ),
  }
}

describe('an event by ticker', () => {
  it('on the first day of a new ticker, under the old one, belongs to the renamed security', async () => {
    const { events, refused } = await eventsOf({
      'splits/s.csv': 'ticker,ex_date,split_from,split_to\nOLD,2018-05-09,1,2\n',
      'dividends/d.csv': 'ticker,ex_date,amount,currency\nOLD,2018-05-09,2.00,USD\n',
    })
    expect(events).toEqual([
      { source_id: 'x:renamed', ex_date: '2018-05-09', kind: 'cash_dividend' },
      { source_id: 'x:renamed', ex_date: '2018-05-09', kind: 'split' },
    ])
    expect(refused).toEqual([])
  })

  it.each([
    ['merger', 'merger'],
    ['bankruptcy', 'delisting'],
    ['voluntary', 'delisting'],
  ])(
    'that ends a listing (%s), dated the first day without trading, never ends the next holder',
    async (stated, kind) => {
      const { events } = await eventsOf({
        'delistings/d.csv': `ticker,date,kind\nHAND,2018-05-14,${stated}\n`,
      })
      expect(events).toEqual([{ source_id: 'x:gone', ex_date: '2018-05-14', kind }])
    },
  )

  it('on the first day of a security that was not listed before belongs to the former holder', async () => {
    const { events } = await eventsOf({
      'splits/s.csv': 'ticker,ex_date,split_from,split_to\nHAND,2018-05-14,1,2\n',
    })
    expect(events).toEqual([{ source_id: 'x:gone', ex_date: '2018-05-14', kind: 'split' }])
  })

  it('on the day on which a listed security takes the ticker over is refused by name', async () => {
    const { events, refused } = await eventsOf({
      'splits/s.csv': 'ticker,ex_date,split_from,split_to\nSWAP,2018-05-09,1,2\n',
    })
    expect(events).toEqual([])
    expect(refused).toEqual([
      {
        source_id: 'x:taker',
        ex_date: '2018-05-09',
        kind: 'split',
        reason: expect.stringContaining('the event may be of either'),
      },
    ])
  })

  it('of the day after belongs to no security, as before', async () => {
    const { events } = await eventsOf({
      'splits/s.csv': 'ticker,ex_date,split_from,split_to\nOLD,2018-05-10,1,2\n',
    })
    expect(events).toEqual([])
  })
})
