import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { askFor, openOverHttp, readAll, subject } from '../../testing/providers/over-http.ts'

let over: Awaited<ReturnType<typeof openOverHttp>>
beforeEach(async () => {
  over = await openOverHttp()
})
afterEach(() => over.close())

describe('Alpaca', () => {
  const page = (corporate_actions: unknown) => ({ corporate_actions, next_page_token: null })
  test('an unknown kind of event, and a value that is not an event, are rejected by name', async () => {
    const event = { id: '1', symbol: 'ONE', process_date: '2024-05-01', rate: 1 }
    const providers = await over.providersOver({
      '/v1/corporate-actions': page({
        partial_calls: [event],
        tender_offers: [event],
        reorganizations: [event],
        cash_dividends: [null, 'x'],
        name_changes: null,
      }),
    })
    const { malformed } = await readAll(
      providers.get('alpaca'),
      askFor('corporate_actions', [subject('one', 'ONE')]),
    )
    expect([...new Set(malformed.map(({ malformed: why }) => why))]).toEqual([
      'unknown list "tender_offers" of corporate actions',
      'an event of reorganizations without effective_date',
      'an event of cash_dividends without symbol',
    ])
    expect(over.unknown.map(({ endpoint }) => endpoint)).toContain('corporate-actions tender_offers')
  })

  test('numbers may be text, optional fields missing, rates exponents', async () => {
    const lists = {
      forward_splits: [{ id: '1', symbol: 'ONE', ex_date: '2024-05-01', new_rate: '3', old_rate: 1 }],
      stock_dividends: [{ id: '2', symbol: 'ONE', ex_date: '2024-06-03', rate: 5e-8 }],
      cash_dividends: [{ id: '3', symbol: 'ONE', ex_date: '2024-07-01', rate: '0.25', special: 'true' }],
    }
    const providers = await over.providersOver({ '/v1/corporate-actions': page(lists) })
    const { records } = await readAll(
      providers.get('alpaca'),
      askFor('corporate_actions', [subject('one', 'ONE')]),
    )
    expect(
      records.map(({ kind, split_from, split_to, cash_amount }) => [kind, split_from, split_to, cash_amount]),
    ).toEqual([
      ['split', '1', '3', undefined],
      ['stock_dividend', '1', '1.00000005', undefined],
      ['special_dividend', undefined, undefined, '0.25'],
    ])
  })

  test('pages that go round in a circle end the batch as malformed, not the run', async () => {
    const providers = await over.providersOver({
      '/v2/stocks/bars': { bars: { ONE: [] }, next_page_token: 'again' },
    })
    const reading = readAll(providers.get('alpaca'), askFor('prices_daily', [subject('one', 'ONE')]))
    await expect(reading).rejects.toMatchObject({ name: 'SourceError', error_class: 'malformed' })
  })

  test('no bars is an object, an empty one, or null', async () => {
    for (const bars of [{}, null, { ONE: [] }, { ONE: null }]) {
      const providers = await over.providersOver({ '/v2/stocks/bars': { bars, next_page_token: null } })
      expect(
        await readAll(providers.get('alpaca'), askFor('prices_daily', [subject('one', 'ONE')])),
      ).toMatchObject({
        records: [],
        ends: [],
      })
    }
  })
})
