import { Reply } from './over-http.ts'

/** One bar of each requested symbol, as Alpaca answers. */
export const barsOf = (symbols: readonly string[]) => ({
  bars: Object.fromEntries(
    symbols.map((symbol) => [symbol, [{ t: '2024-05-01T04:00:00Z', o: 1, h: 1, l: 1, c: 1, v: 10 }]]),
  ),
  next_page_token: null,
})

const symbolsAsked = (query: URLSearchParams): string[] => (query.get('symbols') ?? '').split(',')

/**
 * Bars of what is asked for, unless one of `invalid` is among it: then the whole request is refused, in the
 * words of `refusal`.
 */
export function barsWithout(
  invalid: readonly string[],
  refusal = (symbol: string) => `invalid symbol: ${symbol}`,
) {
  return (query: URLSearchParams): unknown => {
    const symbols = symbolsAsked(query)
    const refused = symbols.find((symbol) => invalid.includes(symbol))
    return refused === undefined ? barsOf(symbols) : new Reply(400, { message: refusal(refused) })
  }
}
