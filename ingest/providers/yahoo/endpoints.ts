import { MINUTE_MS, per, SECOND_MS } from '../../http/budget.ts'
import { isArray, isObject } from '../../http/json.ts'
import type { HttpProfile, HttpRequest } from '../../http/profile.ts'
import { PATTERNS } from './patterns.ts'

const ORIGIN = 'https://query2.finance.yahoo.com'

/** Yahoo states no limit; sixty a minute is what it has been seen to bear. */
export const PROFILE: HttpProfile = {
  provider: 'yahoo',
  adapter_version: '1',
  patterns: PATTERNS,
  origins: [ORIGIN],
  limits: [per(MINUTE_MS, 60), per(SECOND_MS, 2)],
  headers: { 'user-agent': 'Mozilla/5.0' },
  concurrency_max: 2,
}

const seconds = (date: string): string => String(Date.parse(`${date}T00:00:00Z`) / 1000)

/**
 * Bars and events of one symbol from `start_date` through today, whatever the window of the run: prices are
 * adjusted for every split until now, and a split after the window that was not asked for could never be
 * undone.
 */
export const chart = (symbol: string, start_date: string, today: string): HttpRequest => {
  const url = new URL(`${ORIGIN}/v8/finance/chart/${encodeURIComponent(symbol)}`)
  for (const [name, value] of Object.entries({
    interval: '1d',
    period1: seconds(start_date),
    period2: String(Number(seconds(today)) + 86_400),
    events: 'div|split|capitalGains',
    includePrePost: 'false',
  })) {
    url.searchParams.set(name, value)
  }
  return {
    url: url.href,
    volatile_parameters: ['period2'],
    // Prices and events are two jobs, and one answer.
    is_shared: true,
    expects: 'json',
    shape: ({ json }) => {
      const result = isObject(json) && isObject(json['chart']) ? json['chart']['result'] : undefined
      if (!isArray(result) || !isObject(result[0]) || !isObject(result[0]['meta']))
        return { outcome: 'malformed', reason: 'the answer has no chart' }
      return isArray(result[0]['timestamp'])
        ? undefined
        : { outcome: 'empty', reason: 'the chart has no rows' }
    },
  }
}
